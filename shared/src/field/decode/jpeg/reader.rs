//! A file in memory, for a decoder that reads a bit stream through it.

use std::io::{BufRead, ErrorKind, Read, Result, Seek, SeekFrom};

/// Like [`std::io::Cursor`], but reads of four bytes or one, as in the decoder's inner loop, need no call and no copy of unknown
/// length, which saves a tenth of its time.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    #[inline(always)]
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    #[inline(never)]
    fn read_any(&mut self, buffer: &mut [u8]) -> usize {
        let rest = self.rest();
        let len = buffer.len().min(rest.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        self.at += len;
        len
    }
}

impl Read for Reader<'_> {
    #[inline(always)]
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match (&mut *buffer, self.rest()) {
            ([a, b, c, d], &[e, f, g, h, ..]) => {
                (*a, *b, *c, *d) = (e, f, g, h);
                self.at += 4;
                Ok(4)
            }
            ([a], &[e, ..]) => {
                *a = e;
                self.at += 1;
                Ok(1)
            }
            _ => Ok(self.read_any(buffer)),
        }
    }
}

impl BufRead for Reader<'_> {
    #[inline(always)]
    fn fill_buf(&mut self) -> Result<&[u8]> {
        Ok(self.rest())
    }

    #[inline(always)]
    fn consume(&mut self, len: usize) {
        self.at += len;
    }
}

impl Seek for Reader<'_> {
    #[inline(always)]
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(offset) => (self.bytes.len() as u64).checked_add_signed(offset),
            SeekFrom::Current(offset) => (self.at as u64).checked_add_signed(offset),
        };
        let at = at.ok_or(ErrorKind::InvalidInput)?;
        self.at = usize::try_from(at).map_err(|_| ErrorKind::InvalidInput)?;
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Cursor, vec, vec::Vec};

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Read(usize),
        Consume(usize),
        Seek(SeekFrom),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0usize..9).prop_map(Step::Read),
            (0usize..3).prop_map(Step::Consume),
            (0u64..30).prop_map(|at| Step::Seek(SeekFrom::Start(at))),
            (-9i64..9).prop_map(|offset| Step::Seek(SeekFrom::Current(offset))),
            (-30i64..9).prop_map(|offset| Step::Seek(SeekFrom::End(offset))),
        ];
        prop::collection::vec(step, 0..40)
    }

    proptest! {
        #[test]
        fn it_reads_as_a_cursor_does(len in 0u8..25, steps in steps()) {
            let bytes: Vec<u8> = (0..len).collect();
            let (mut reader, mut cursor) = (Reader::new(&bytes), Cursor::new(&bytes));
            for step in steps {
                match step {
                    Step::Read(len) => {
                        let (mut ours, mut theirs) = (vec![99; len], vec![99; len]);
                        prop_assert_eq!(reader.read(&mut ours).ok(), cursor.read(&mut theirs).ok());
                        prop_assert_eq!(ours, theirs);
                    }
                    Step::Consume(len) => {
                        let len = len.min(cursor.fill_buf().expect("memory").len());
                        reader.consume(len);
                        cursor.consume(len);
                    }
                    Step::Seek(to) => prop_assert_eq!(reader.seek(to).ok(), cursor.seek(to).ok()),
                }
                prop_assert_eq!(reader.fill_buf().ok(), cursor.fill_buf().ok());
                prop_assert_eq!(reader.stream_position().ok(), cursor.stream_position().ok());
            }
        }
    }
}
