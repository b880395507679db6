//! The fixed header; `FORMAT.md` draws it.

use super::{ArtifactError, MAX_BODY_LEN};

/// The first eight bytes: not text, so that a transfer in text mode is noticed.
pub const MAGIC: [u8; 8] = *b"\x89BSM\r\n\x1a\n";
/// The format that this program reads and writes.
pub const FORMAT_VERSION: u16 = 1;
/// Bytes before the body.
pub const HEADER_LEN: usize = 128;

const VERSION_AT: usize = 8;
const LENGTH_AT: usize = 10;
const BODY_LEN_AT: usize = 16;
const HASH_AT: usize = 24;
const CHECKSUM_AT: usize = 124;

/// What the header says.
pub(super) struct Header {
    pub(super) body_len: u64,
    pub(super) body_hash: [u8; 32],
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
        let version = u16::from_le_bytes([header[VERSION_AT], header[VERSION_AT + 1]]);
        match version {
            FORMAT_VERSION => {}
            0 => return Err(ArtifactError::UnknownFormat { found: version }),
            found => return Err(ArtifactError::NewerFormat { found }),
        }
        let expected = Self::blank();
        let fixed = |from: usize, to: usize| header[from..to] == expected[from..to];
        if !fixed(LENGTH_AT, BODY_LEN_AT) || !fixed(HASH_AT + 32, CHECKSUM_AT) {
            return Err(ArtifactError::UnknownFeature);
        }
        let mut body_len = [0; 8];
        body_len.copy_from_slice(&header[BODY_LEN_AT..HASH_AT]);
        let body_len = u64::from_le_bytes(body_len);
        if body_len > MAX_BODY_LEN {
            return Err(ArtifactError::Invalid("its body is larger than 256 MiB"));
        }
        let mut body_hash = [0; 32];
        body_hash.copy_from_slice(&header[HASH_AT..HASH_AT + 32]);
        Ok(Self { body_len, body_hash })
    }

    pub(super) fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let mut header = Self::blank();
        header[BODY_LEN_AT..HASH_AT].copy_from_slice(&self.body_len.to_le_bytes());
        header[HASH_AT..HASH_AT + 32].copy_from_slice(&self.body_hash);
        let checksum = crc32(&header[..CHECKSUM_AT]);
        header[CHECKSUM_AT..].copy_from_slice(&checksum.to_le_bytes());
        header
    }

    /// A header of this format without length, hash and checksum: flags, signature and reserved bytes are zero.
    fn blank() -> [u8; HEADER_LEN] {
        let mut header = [0; HEADER_LEN];
        header[..VERSION_AT].copy_from_slice(&MAGIC);
        header[VERSION_AT..LENGTH_AT].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        header[LENGTH_AT..LENGTH_AT + 2].copy_from_slice(&(HEADER_LEN as u16).to_le_bytes());
        header
    }
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

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let written = Header { body_len: 77, body_hash: [5; 32] };
        let read = Header::read(&written.to_bytes()).expect("whole");
        assert_eq!((read.body_len, read.body_hash), (77, [5; 32]));
    }

    #[test]
    fn rejects_a_newer_format_with_the_remedy() {
        let mut bytes = Header { body_len: 0, body_hash: [0; 32] }.to_bytes();
        bytes[VERSION_AT] = 2;
        let checksum = crc32(&bytes[..CHECKSUM_AT]);
        bytes[CHECKSUM_AT..].copy_from_slice(&checksum.to_le_bytes());
        let error = Header::read(&bytes).err();
        assert_eq!(error, Some(ArtifactError::NewerFormat { found: 2 }));
    }

    #[test]
    fn rejects_every_flipped_bit() {
        let bytes = Header { body_len: 77, body_hash: [5; 32] }.to_bytes();
        for bit in 0..HEADER_LEN * 8 {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(Header::read(&damaged).is_err(), "bit {bit}");
        }
    }
}
