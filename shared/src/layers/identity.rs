//! Identity of a network, which ties its workspaces to it.

use alloc::sync::Arc;

/// A unique identity, however alike the owners are. A clone is the same identity.
///
/// It is the address of an allocation that lives as long as any clone, so nothing else can have it meanwhile. A counter would need
/// 64-bit atomics, which not every processor has, or would wrap around some day.
#[derive(Clone)]
pub(crate) struct Identity(Arc<()>);

impl Identity {
    /// A new identity.
    pub(crate) fn new() -> Self {
        Self(Arc::new(()))
    }

    /// Whether the two are the same.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn an_identity_is_its_clones_and_no_other() {
        let identities: Vec<Identity> = (0..100).map(|_| Identity::new()).collect();
        for (at, identity) in identities.iter().enumerate() {
            let same: Vec<usize> = (0..100).filter(|&other| identity.clone().is(&identities[other])).collect();
            assert_eq!(same, [at]);
        }
    }

    #[test]
    fn an_identity_outlives_its_first_owner() {
        let owner = Identity::new();
        let kept = owner.clone();
        drop(owner);
        assert!((0..100).all(|_| !kept.is(&Identity::new())));
    }
}
