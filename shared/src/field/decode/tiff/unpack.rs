//! Unpacks a strip or tile to exactly its expected length and turns the bytes into samples.

use alloc::{format, vec, vec::Vec};

use miniz_oxide::inflate::{DecompressError, TINFLStatus, decompress_to_vec_zlib_with_limit};
use weezl::{BitOrder, LzwStatus};

use super::{
    super::{DecodeError, damaged, unsupported},
    compression::Compression,
    layout::Layout,
};

impl Layout {
    /// The samples of chunk `index`, of one plane or all: `rows` rows, 8 or big-endian 16 bits per sample.
    pub(super) fn unpacked(&self, bytes: &[u8], index: usize, rows: usize) -> Result<Vec<u8>, DecodeError> {
        let beyond = || damaged(format!("strip or tile {} lies beyond its end", index + 1));
        let &(offset, length) = self.chunks.get(index).ok_or_else(beyond)?;
        let packed = bytes.get(offset..offset.checked_add(length).ok_or_else(beyond)?).ok_or_else(beyond)?;
        let row = self.stored_row();
        let mut samples = unpack(self.compression, packed, row * rows)?;
        if samples.len() < row * rows {
            let (there, needed) = (samples.len(), row * rows);
            return Err(damaged(format!("strip or tile {} holds {there} of {needed} bytes", index + 1)));
        }
        let stride = if self.planar { 1 } else { self.stored_samples };
        for row in samples.chunks_exact_mut(row) {
            if self.bits == 16 {
                if !self.big_endian {
                    row.as_chunks_mut::<2>().0.iter_mut().for_each(|sample| sample.reverse());
                }
                if self.differences {
                    add_up_wide(row, stride);
                }
            } else if self.differences {
                for at in stride..row.len() {
                    row[at] = row[at].wrapping_add(row[at - stride]);
                }
            }
        }
        if self.bits < 8 {
            samples = self.spread(&samples, rows);
        }
        Ok(samples)
    }

    /// Expands samples of fewer than 8 bits to a byte each: grey from black to white, or palette indices.
    fn spread(&self, packed: &[u8], rows: usize) -> Vec<u8> {
        let largest = (1u8 << self.bits) - 1;
        let scale = if self.samples.grey { 255 / largest } else { 1 };
        let mut samples = Vec::with_capacity(rows * self.chunk_width);
        for row in packed.chunks_exact(self.stored_row()) {
            let of_byte = 8 / self.bits;
            let sample = |column: usize| {
                let shift = 8 - self.bits * (column % of_byte + 1);
                (row[column / of_byte] >> shift & largest) * scale
            };
            samples.extend((0..self.chunk_width).map(sample));
        }
        samples
    }
}

fn add_up_wide(row: &mut [u8], stride: usize) {
    let (samples, _) = row.as_chunks_mut::<2>();
    for at in stride..samples.len() {
        let sum = u16::from_be_bytes(samples[at]).wrapping_add(u16::from_be_bytes(samples[at - stride]));
        samples[at] = sum.to_be_bytes();
    }
}

/// Up to `needed` bytes unpacked from `packed`; fewer if it ends early.
fn unpack(compression: Compression, packed: &[u8], needed: usize) -> Result<Vec<u8>, DecodeError> {
    Ok(match compression {
        Compression::None => packed[..needed.min(packed.len())].to_vec(),
        Compression::PackBits => unpack_bits(packed, needed),
        Compression::Lzw => unpack_lzw(packed, needed)?,
        Compression::Deflate => unpack_deflated(packed, needed)?,
    })
}

/// Asks for one byte more than needed, so that complete data is read through to its checksum.
fn unpack_deflated(packed: &[u8], needed: usize) -> Result<Vec<u8>, DecodeError> {
    match decompress_to_vec_zlib_with_limit(packed, needed + 1) {
        Ok(bytes) => Ok(bytes),
        // The rest is padding.
        Err(DecompressError { status: TINFLStatus::HasMoreOutput, mut output }) => {
            output.truncate(needed);
            Ok(output)
        }
        Err(error) => Err(damaged(format!("deflated data: {error}"))),
    }
}

fn unpack_bits(packed: &[u8], needed: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(needed);
    let mut rest = packed;
    while bytes.len() < needed
        && let Some((&count, after)) = rest.split_first()
    {
        rest = match count {
            0..128 => {
                let (literal, after) = after.split_at(after.len().min(usize::from(count) + 1));
                bytes.extend_from_slice(literal);
                after
            }
            128 => after,
            129.. => {
                let Some((&value, after)) = after.split_first() else { break };
                bytes.resize(bytes.len() + 257 - usize::from(count), value);
                after
            }
        };
    }
    bytes.truncate(needed);
    bytes
}

fn unpack_lzw(packed: &[u8], needed: usize) -> Result<Vec<u8>, DecodeError> {
    // Before 1988 the bit order was reversed: a first "clear" code starts like this.
    if let [0, 1 | 3, ..] = packed {
        return Err(unsupported("a TIFF with the LZW compression of TIFF 4"));
    }
    let mut decoder = weezl::decode::Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
    let mut bytes = vec![0; needed];
    let (mut read, mut written) = (0, 0);
    while written < needed {
        let step = decoder.decode_bytes(&packed[read..], &mut bytes[written..]);
        read += step.consumed_in;
        written += step.consumed_out;
        match step.status {
            Ok(LzwStatus::Ok) => {}
            Ok(LzwStatus::Done | LzwStatus::NoProgress) => break,
            Err(error) => return Err(damaged(format!("LZW data: {error}"))),
        }
    }
    bytes.truncate(written);
    Ok(bytes)
}
