//! Checks one scan of a JPEG picture for completeness, block by block.
//!
//! The pixel decoder fills in missing data without an error. Here every code is looked up and every bit accounted for, but no
//! coefficient is computed.

use alloc::{format, vec, vec::Vec};

use super::{
    super::{DecodeError, damaged, unsupported},
    band::Band,
    bits::Bits,
    frame::{Component, Frame},
    huffman::{AC_LARGEST, Table},
};

/// Most bytes that a camera leaves between the last code and a marker; more mean that codes were misread.
const LEFT_OVER: usize = 16;
/// Largest category of a DC difference, in bits.
const DC_LARGEST: u8 = AC_LARGEST + 1;

/// The current Huffman tables: DC and AC.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) dc: [Option<Table>; 4],
    pub(super) ac: [Option<Table>; 4],
}

/// Content of a scan header.
pub(super) struct Scan {
    /// Index in the frame, and indices of the tables.
    members: Vec<Member>,
    /// Coefficients from..=to, in zigzag order.
    from: u8,
    to: u8,
    /// Lowest bit of the earlier scans and of this one; `high` is 0 in the first scan of a coefficient.
    high: u8,
    low: u8,
}

#[derive(Clone, Copy)]
struct Member {
    component: usize,
    dc: usize,
    ac: usize,
}

/// What the scans so far have delivered of each component.
pub(super) struct Told {
    components: Vec<ToldOf>,
}

struct ToldOf {
    /// By coefficient: the lowest bit so far; `None` before the first scan.
    lowest: [Option<u8>; 64],
    /// Progressive pictures only, by block: a bit mask of the nonzero coefficients.
    nonzero: Vec<u64>,
    /// Blocks per row.
    stride: usize,
}

impl Told {
    pub(super) fn nothing(frame: &Frame) -> Self {
        let (across, down) = frame.mcus();
        let components = frame.components.iter().map(|component| {
            let (stride, rows) = (across * usize::from(component.across), down * usize::from(component.down));
            let blocks = if frame.progressive { stride * rows } else { 0 };
            ToldOf { lowest: [None; 64], nonzero: vec![0; blocks], stride }
        });
        Self { components: components.collect() }
    }

    /// Checks that every coefficient of every component is present, down to its last bit.
    pub(super) fn is_whole(&self) -> Result<(), DecodeError> {
        let whole = self.components.iter().all(|component| component.lowest.iter().all(|&lowest| lowest == Some(0)));
        if whole { Ok(()) } else { Err(damaged("scans are missing: some coefficients are absent")) }
    }
}

impl Scan {
    /// Reads the segment `body`.
    pub(super) fn read(body: &[u8], frame: &Frame) -> Result<Self, DecodeError> {
        let short = || damaged("a scan header is too short");
        let (&count, rest) = body.split_first().ok_or_else(short)?;
        let (selectors, rest) = rest.split_at_checked(usize::from(count) * 2).ok_or_else(short)?;
        let &[from, to, approximation] = rest else { return Err(short()) };
        let mut members = Vec::new();
        for &[id, tables] in selectors.as_chunks::<2>().0 {
            let component = frame.components.iter().position(|component| component.id == id);
            let component = component.ok_or_else(|| damaged("a scan names a plane that does not exist"))?;
            // Within a scan, planes follow the frame's order.
            if members.last().is_some_and(|last: &Member| last.component >= component) || tables & 0xCC != 0 {
                return Err(damaged("a scan header contradicts itself"));
            }
            members.push(Member { component, dc: usize::from(tables >> 4), ac: usize::from(tables & 15) });
        }
        let scan = Self { members, from, to, high: approximation >> 4, low: approximation & 15 };
        let sane = if frame.progressive {
            scan.low <= 13
                && (scan.high == 0 || scan.high == scan.low + 1)
                && if from == 0 { to == 0 } else { from <= to && to <= 63 && scan.members.len() == 1 }
        } else {
            true
        };
        if scan.members.is_empty() || !sane {
            return Err(damaged("a scan header contradicts itself"));
        }
        if !frame.progressive && scan.members.len() != frame.components.len() {
            return Err(unsupported("a JPEG with a separate scan for each plane (not interleaved)"));
        }
        Ok(scan)
    }

    /// Indices of the tables used: DC, AC.
    pub(super) fn tables(&self, progressive: bool) -> (Vec<usize>, Vec<usize>) {
        let (means, others) =
            if progressive { (self.from == 0 && self.high == 0, self.from > 0) } else { (true, true) };
        let used =
            |is: bool, table: fn(&Member) -> usize| if is { self.members.iter().map(table).collect() } else { vec![] };
        (used(means, |member| member.dc), used(others, |member| member.ac))
    }

    /// Indices of its components in the frame.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> {
        self.members.iter().map(|member| member.component)
    }

    /// Records what this scan delivers.
    fn tell(&self, frame: &Frame, told: &mut Told) -> Result<(), DecodeError> {
        let coefficients = if frame.progressive { usize::from(self.from)..=usize::from(self.to) } else { 0..=63 };
        let before = (self.high > 0).then_some(self.high);
        let (before, now) = if frame.progressive { (before, self.low) } else { (None, 0) };
        for member in &self.members {
            for lowest in &mut told.components[member.component].lowest[coefficients.clone()] {
                if *lowest != before {
                    return Err(damaged("its scans contradict each other"));
                }
                *lowest = Some(now);
            }
        }
        Ok(())
    }

    /// Checks this scan's data, which starts at `at`, and copies it to `copy`. Returns the position of the marker after it.
    pub(super) fn walk(
        &self,
        frame: &Frame,
        tables: &Tables,
        restart: usize,
        told: &mut Told,
        (bytes, mut at): (&[u8], usize),
        copy: &mut Vec<u8>,
    ) -> Result<usize, DecodeError> {
        self.tell(frame, told)?;
        let plan = Plan::of(self, frame, tables)?;
        let mcus = plan.across * plan.down;
        let interval = if restart == 0 { mcus } else { restart };
        let mut done = 0;
        loop {
            let first = done;
            let last = mcus.min(first + interval);
            let mut bits = Bits::new(bytes, at);
            let walked = if frame.progressive {
                self.walk_progressive(&plan, first..last, &mut bits, told, &mut done)
            } else {
                plan.walk_sequential(first..last, &mut bits, &mut done)
            };
            if bits.overran() {
                return Err(damaged(format!("its data ends in MCU {} of {mcus} of a scan", done + 1)));
            }
            walked.ok_or_else(|| damaged(format!("MCU {} of {mcus} of a scan has invalid codes", done + 1)))?;
            let (data_end, marker) = bits.end();
            if marker - data_end > LEFT_OVER && bytes[data_end..marker].iter().any(|&byte| byte != 0) {
                let left = marker - data_end;
                return Err(damaged(format!("{left} bytes are left over after MCU {last} of {mcus} of a scan")));
            }
            copy.extend_from_slice(&bytes[at..data_end]);
            if last == mcus {
                return Ok(marker);
            }
            let number = 0xD0 | ((last / interval - 1) % 8) as u8;
            let after = marker + bytes[marker..].iter().take_while(|&&byte| byte == 0xFF).count();
            if bytes.get(after) != Some(&number) {
                return Err(damaged(format!("its data stops after MCU {last} of {mcus} of a scan")));
            }
            copy.extend_from_slice(&[0xFF, number]);
            at = after + 1;
        }
    }

    fn walk_progressive(
        &self,
        plan: &Plan<'_>,
        mcus: core::ops::Range<usize>,
        bits: &mut Bits<'_>,
        told: &mut Told,
        done: &mut usize,
    ) -> Option<()> {
        let mut band = Band::new(self.from, self.to);
        for mcu in mcus {
            *done = mcu;
            match (self.from, self.high) {
                (0, 0) => {
                    for block in &plan.blocks {
                        mean(block.dc?, bits)?;
                    }
                }
                (0, _) => bits.skip_many(plan.blocks.len() as u32),
                (_, high) => {
                    let told = &mut told.components[self.members.first()?.component];
                    let at = mcu / plan.across * told.stride + mcu % plan.across;
                    let (nonzero, table) = (told.nonzero.get_mut(at)?, plan.blocks.first()?.ac?);
                    if high == 0 { band.first(table, bits, nonzero)? } else { band.refine(table, bits, nonzero)? }
                }
            }
            if bits.overran() {
                return None;
            }
        }
        *done += 1;
        // An end-of-band run does not extend past a restart.
        (!band.goes_on()).then_some(())
    }
}

/// The order of a scan's blocks.
struct Plan<'a> {
    /// MCUs across and down.
    across: usize,
    down: usize,
    /// The tables of each block of an MCU.
    blocks: Vec<Block<'a>>,
}

struct Block<'a> {
    dc: Option<&'a Table>,
    ac: Option<&'a Table>,
}

impl<'a> Plan<'a> {
    fn of(scan: &Scan, frame: &Frame, tables: &'a Tables) -> Result<Self, DecodeError> {
        let (dc, ac) = scan.tables(frame.progressive);
        if dc.iter().any(|&table| tables.dc[table].is_none()) || ac.iter().any(|&table| tables.ac[table].is_none()) {
            return Err(damaged("a Huffman table is missing"));
        }
        let block = |member: &Member| Block { dc: tables.dc[member.dc].as_ref(), ac: tables.ac[member.ac].as_ref() };
        if let [member] = &scan.members[..] {
            let (across, down) = frame.blocks(&frame.components[member.component]);
            return Ok(Self { across, down, blocks: vec![block(member)] });
        }
        let (across, down) = frame.mcus();
        let of_mcu = |component: &Component| usize::from(component.across) * usize::from(component.down);
        let blocks: Vec<_> = scan
            .members
            .iter()
            .flat_map(|member| (0..of_mcu(&frame.components[member.component])).map(move |_| block(member)))
            .collect();
        if blocks.len() > 10 {
            return Err(damaged("an MCU has more than ten blocks"));
        }
        Ok(Self { across, down, blocks })
    }

    fn walk_sequential(&self, mcus: core::ops::Range<usize>, bits: &mut Bits<'_>, done: &mut usize) -> Option<()> {
        for mcu in mcus {
            *done = mcu;
            for block in &self.blocks {
                let whole;
                (*bits, whole) = sequential_block(block.dc?, block.ac?, *bits);
                if !whole || bits.overran() {
                    return None;
                }
            }
        }
        *done += 1;
        Some(())
    }
}

/// Skips a block of a sequential scan. Returns the remaining bits and whether every code was valid.
#[inline]
fn sequential_block<'a>(dc: &Table, ac: &Table, mut bits: Bits<'a>) -> (Bits<'a>, bool) {
    let whole = mean(dc, &mut bits).is_some() && others(ac, &mut bits).is_some();
    (bits, whole)
}

/// Skips a block's DC difference.
#[inline(always)]
fn mean(table: &Table, bits: &mut Bits<'_>) -> Option<()> {
    let category = table.symbol(bits)?;
    bits.skip(u32::from(category & 15));
    (category <= DC_LARGEST).then_some(())
}

/// Skips a block's AC coefficients.
#[inline(always)]
fn others(table: &Table, bits: &mut Bits<'_>) -> Option<()> {
    let mut at = 1;
    while at < 64 {
        if let Some(step) = table.step(bits) {
            at += step;
            continue;
        }
        let symbol = table.symbol(bits)?;
        let (zeros, category) = (symbol >> 4, symbol & 15);
        if category == 0 {
            match zeros {
                0 => return Some(()),
                15 => {}
                _ => return None,
            }
        }
        if category > AC_LARGEST {
            return None;
        }
        bits.skip(category.into());
        at += usize::from(zeros) + 1;
    }
    (at == 64).then_some(())
}
