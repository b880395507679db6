//! A sight that this program does not know.

use blastscope_shared::{
    Artifact, Classifier,
    artifact::{ArtifactError, HEADER_LEN},
    sight::Kind,
};

use crate::networks::files::{honest, seal};

#[test]
fn rejects_an_unknown_sight_whatever_comes_after_it() {
    let file = honest();
    let (artifact, _) = Artifact::read(&file).expect("whole");
    let body = &file[HEADER_LEN..];
    let sight = postcard::to_allocvec(&artifact.jurors[0].sight).expect("a sight can be encoded");
    let at = body.windows(sight.len()).position(|window| window == sight).expect("the artifact holds its sight");
    for version in (0..128u16).filter(|&version| Kind::of_version(version).is_none()) {
        let mut unknown = body.to_vec();
        unknown[at] = version as u8;
        for len in [unknown.len(), at + sight.len()] {
            let refusal = Classifier::read(&seal(&unknown[..len])).err();
            assert_eq!(refusal, Some(ArtifactError::UnknownSight(version)), "version {version}, {len} bytes");
        }
    }
    // For a known sight, the missing data is reported.
    assert_eq!(Classifier::read(&seal(&body[..at + sight.len()])).err(), Some(ArtifactError::Undecodable));
}
