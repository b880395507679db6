//! The fixed header; see `FORMAT.md`.

use super::{ArtifactError, MAX_BODY_LEN};

/// The first eight bytes: not text, so that a transfer in text mode is detected.
pub const MAGIC: [u8; 8] = *b"\x89BSM\r\n\x1a\n";
/// Format version of an unsigned file.
const UNSIGNED: u16 = 7;
/// The newest format version, that of a signed file.
pub const FORMAT_VERSION: u16 = 8;
/// Bytes before the body.
pub const HEADER_LEN: usize = 128;

const VERSION_AT: usize = 8;
const LENGTH_AT: usize = 10;
const FLAGS_AT: usize = 12;
const BODY_LEN_AT: usize = 16;
const HASH_AT: usize = 24;
const SIGNATURE_AT: usize = 56;
const MODEL_VERSION_AT: usize = 120;
const CHECKSUM_AT: usize = 124;

/// Prefix of every signed message, so that a signature made for another purpose fits no model.
const DOMAIN: &[u8; 32] = b"blastscope model, signature 1\0\0\0";

/// Length of the signed message: [`DOMAIN`], the header up to the signature, the model version.
pub(super) const SIGNED_LEN: usize = DOMAIN.len() + SIGNATURE_AT + 4;

/// The header's content.
pub(super) struct Header {
    pub(super) body_len: u64,
    pub(super) body_hash: [u8; 32],
    /// Present in a signed file.
    pub(super) seal: Option<Seal>,
}

/// The additional fields of a signed file's header. Reading them does not check the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seal {
    /// Model version, from 1; grows from model to model.
    pub(super) version: u32,
    /// Ed25519, over [`Header::signed`].
    pub(super) signature: [u8; 64],
}

impl Header {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ArtifactError> {
        if !bytes.starts_with(&MAGIC) {
            return Err(ArtifactError::NotAModel);
        }
        let Some(header) = bytes.first_chunk::<HEADER_LEN>() else {
            return Err(ArtifactError::WrongLength { expected: HEADER_LEN as u64, found: bytes.len() as u64 });
        };
        if crc32(&header[..CHECKSUM_AT]).to_le_bytes() != header[CHECKSUM_AT..] {
            return Err(ArtifactError::DamagedHeader);
        }
        let signed = match u16::from_le_bytes(array(header, VERSION_AT)) {
            UNSIGNED => false,
            FORMAT_VERSION => true,
            0 => return Err(ArtifactError::UnknownFormat { found: 0 }),
            found if found < UNSIGNED => return Err(ArtifactError::OlderFormat { found }),
            found => return Err(ArtifactError::NewerFormat { found }),
        };
        let zero = |from: usize, to: usize| header[from..to].iter().all(|&byte| byte == 0);
        let header_len = u16::from_le_bytes(array(header, LENGTH_AT));
        if usize::from(header_len) != HEADER_LEN || !zero(FLAGS_AT, BODY_LEN_AT) {
            return Err(ArtifactError::UnknownFeature);
        }
        let seal = Seal {
            version: u32::from_le_bytes(array(header, MODEL_VERSION_AT)),
            signature: array(header, SIGNATURE_AT),
        };
        if !signed && !zero(SIGNATURE_AT, CHECKSUM_AT) {
            return Err(ArtifactError::UnknownFeature);
        }
        if signed && seal.version == 0 {
            return Err(ArtifactError::Invalid("it is signed but has no model version"));
        }
        let body_len = u64::from_le_bytes(array(header, BODY_LEN_AT));
        if body_len > MAX_BODY_LEN {
            return Err(ArtifactError::Invalid("its body is larger than 256 MiB"));
        }
        Ok(Self { body_len, body_hash: array(header, HASH_AT), seal: signed.then_some(seal) })
    }

    pub(super) fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let mut header = [0; HEADER_LEN];
        let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &MAGIC);
        put(VERSION_AT, &if self.seal.is_some() { FORMAT_VERSION } else { UNSIGNED }.to_le_bytes());
        put(LENGTH_AT, &(HEADER_LEN as u16).to_le_bytes());
        put(BODY_LEN_AT, &self.body_len.to_le_bytes());
        put(HASH_AT, &self.body_hash);
        if let Some(seal) = &self.seal {
            put(SIGNATURE_AT, &seal.signature);
            put(MODEL_VERSION_AT, &seal.version.to_le_bytes());
        }
        let checksum = crc32(&header[..CHECKSUM_AT]);
        header[CHECKSUM_AT..].copy_from_slice(&checksum.to_le_bytes());
        header
    }

    /// The signed message of this file. It leaves out the signature and the checksum, which follows from the rest.
    pub(super) fn signed(&self) -> [u8; SIGNED_LEN] {
        let header = self.to_bytes();
        let mut message = [0; SIGNED_LEN];
        let (domain, rest) = message.split_at_mut(DOMAIN.len());
        let (before, version) = rest.split_at_mut(SIGNATURE_AT);
        domain.copy_from_slice(DOMAIN);
        before.copy_from_slice(&header[..SIGNATURE_AT]);
        version.copy_from_slice(&header[MODEL_VERSION_AT..CHECKSUM_AT]);
        message
    }
}

/// The `N` bytes of `header` from `at`.
fn array<const N: usize>(header: &[u8; HEADER_LEN], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&header[at..at + N]);
    bytes
}

/// CRC-32 (IEEE 802.3, reflected, polynomial 0xEDB88320).
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_common_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    fn header(seal: Option<Seal>) -> Header {
        Header { body_len: 77, body_hash: [5; 32], seal }
    }

    const SEALS: [Option<Seal>; 2] = [None, Some(Seal { version: 3, signature: [9; 64] })];

    #[test]
    fn a_header_is_read_as_it_was_written() {
        for seal in SEALS {
            let read = Header::read(&header(seal).to_bytes()).expect("whole");
            assert_eq!((read.body_len, read.body_hash, read.seal), (77, [5; 32], seal));
        }
    }

    fn resealed(mut bytes: [u8; HEADER_LEN], at: usize, value: u8) -> Result<Header, ArtifactError> {
        bytes[at] = value;
        let checksum = crc32(&bytes[..CHECKSUM_AT]);
        bytes[CHECKSUM_AT..].copy_from_slice(&checksum.to_le_bytes());
        Header::read(&bytes)
    }

    #[test]
    fn rejects_a_newer_format_with_the_remedy() {
        let error = resealed(header(None).to_bytes(), VERSION_AT, 9).err();
        assert_eq!(error, Some(ArtifactError::NewerFormat { found: 9 }));
        for found in 1..=6 {
            let error = resealed(header(None).to_bytes(), VERSION_AT, found as u8).err();
            assert_eq!(error, Some(ArtifactError::OlderFormat { found }));
        }
    }

    #[test]
    fn rejects_what_a_format_does_not_define() {
        let [unsigned, signed] = SEALS.map(|seal| header(seal).to_bytes());
        for at in [LENGTH_AT, FLAGS_AT, SIGNATURE_AT, MODEL_VERSION_AT] {
            assert_eq!(resealed(unsigned, at, 1).err(), Some(ArtifactError::UnknownFeature), "byte {at}");
        }
        assert_eq!(resealed(signed, FLAGS_AT, 1).err(), Some(ArtifactError::UnknownFeature));
        assert!(matches!(resealed(signed, MODEL_VERSION_AT, 0), Err(ArtifactError::Invalid(_))), "version 0");
    }

    #[test]
    fn everything_but_signature_and_checksum_is_signed() {
        let bytes = header(SEALS[1]).to_bytes();
        let message = Header::read(&bytes).expect("whole").signed();
        for at in 0..HEADER_LEN {
            let changed = resealed(bytes, at, bytes[at] ^ 1);
            let same = changed.is_ok_and(|changed| changed.signed() == message);
            assert_eq!(same, (SIGNATURE_AT..MODEL_VERSION_AT).contains(&at) || at >= CHECKSUM_AT, "byte {at}");
        }
    }

    #[test]
    fn rejects_every_flipped_bit() {
        for bytes in SEALS.map(|seal| header(seal).to_bytes()) {
            for bit in 0..HEADER_LEN * 8 {
                let mut damaged = bytes;
                damaged[bit / 8] ^= 1 << (bit % 8);
                assert!(Header::read(&damaged).is_err(), "bit {bit}");
            }
        }
    }
}
