//! A reason and its remedy: two sentences, separate on screens, joined in lines.

use alloc::borrow::Cow;
use core::fmt;

/// A failure for people. Displayed as `reason; remedy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What is wrong, without a full stop at its end.
    pub reason: Cow<'static, str>,
    /// The remedy, without a full stop at its end.
    pub remedy: Cow<'static, str>,
}

impl Advice {
    /// A reason with its remedy.
    pub fn new(reason: impl Into<Cow<'static, str>>, remedy: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: reason.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.reason, self.remedy)
    }
}
