//! Blocks of a progressive scan of AC coefficients (ITU-T T.81, G.1.2.2 and G.1.2.3).

use super::{
    bits::Bits,
    huffman::{AC_LARGEST, Table},
};

/// A band of one component's coefficients in a progressive scan.
pub(super) struct Band {
    from: u32,
    to: u32,
    /// Remaining blocks of an end-of-band run.
    ended: u32,
}

impl Band {
    /// Coefficients `from..=to` in zigzag order.
    pub(super) fn new(from: u8, to: u8) -> Self {
        Self { from: from.into(), to: to.into(), ended: 0 }
    }

    /// Whether an end-of-band run continues.
    pub(super) const fn goes_on(&self) -> bool {
        self.ended > 0
    }

    /// The coefficients `from..=to` as a bit mask.
    const fn mask(from: u32, to: u32) -> u64 {
        if from > to { 0 } else { (u64::MAX >> (63 - to)) & (u64::MAX << from) }
    }

    /// Reads a block in the first scan of its band.
    pub(super) fn first(&mut self, table: &Table, bits: &mut Bits<'_>, nonzero: &mut u64) -> Option<()> {
        if self.ended > 0 {
            self.ended -= 1;
            return Some(());
        }
        let mut at = self.from;
        while at <= self.to {
            let symbol = table.symbol(bits)?;
            let (zeros, category) = (u32::from(symbol >> 4), symbol & 15);
            if category == 0 && zeros < 15 {
                self.ended = (1 << zeros) - 1 + bits.take(zeros);
                return Some(());
            }
            at += zeros;
            if category > AC_LARGEST || at > self.to {
                return None;
            }
            if category > 0 {
                bits.skip(category.into());
                *nonzero |= 1 << at;
            }
            at += 1;
        }
        Some(())
    }

    /// Reads a block in a refining scan: one more bit of each nonzero coefficient, and the coefficients that become nonzero.
    pub(super) fn refine(&mut self, table: &Table, bits: &mut Bits<'_>, nonzero: &mut u64) -> Option<()> {
        let mut at = self.from;
        while self.ended == 0 && at <= self.to {
            let symbol = table.symbol(bits)?;
            let (zeros, category) = (u32::from(symbol >> 4), symbol & 15);
            match category {
                0 if zeros < 15 => {
                    self.ended = (1 << zeros) + bits.take(zeros);
                    break;
                }
                0 => {}
                1 => bits.skip(1),
                _ => return None,
            }
            // The position of the next zero after `zeros` others.
            let mut zero = !*nonzero & Self::mask(at, self.to);
            for _ in 0..zeros {
                zero &= zero.wrapping_sub(1);
            }
            if zero == 0 {
                return None;
            }
            let place = zero.trailing_zeros();
            bits.skip_many((*nonzero & Self::mask(at, place)).count_ones());
            if category == 1 {
                *nonzero |= 1 << place;
            }
            at = place + 1;
        }
        if self.ended > 0 {
            bits.skip_many((*nonzero & Self::mask(at, self.to)).count_ones());
            self.ended -= 1;
        }
        Some(())
    }
}
