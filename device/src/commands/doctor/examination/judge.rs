//! Turns facts into checks: status and remedy. Pure.

mod hardware;
mod network;

use super::{
    Check,
    facts::{Clock, Disk, Facts, Memory, Processor, Program},
};
use crate::support::timestamp;

/// Bytes in a gigabyte, of 2^30.
const GIB: f64 = (1u64 << 30) as f64;
/// Free memory that needs attention below this, in bytes: the program takes about 20 MB, frames and the system more.
const FEW_MEMORY: u64 = 100 << 20;
/// Free disk space that needs attention below this, in bytes.
const FEW_DISK: u64 = 1 << 30;
/// Plausible years: the first is the year of this program, the last is excluded.
const YEARS: std::ops::Range<i16> = 2026..2100;
/// Seconds by which the clock may be behind the installed file: some file systems store no time zone.
const A_DAY: u64 = 86_400;

/// All checks, in the order in which a person would look.
pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    let mut checks = vec![program(facts.program), processor(&facts.processor)];
    checks.push(network::instruction_set(&facts.instruction_set));
    checks.extend(network::model(&facts.model));
    checks.extend(facts.memory.map(memory));
    checks.extend(hardware::cameras(&facts.video_nodes));
    checks.extend(hardware::gpio(&facts.gpio_chips, facts.processor.board.is_some()));
    checks.extend(facts.pins.iter().map(hardware::pin));
    checks.extend(facts.disk.as_ref().map(disk));
    checks.extend(facts.temperature.as_ref().map(hardware::temperature));
    checks.extend(facts.throttling.as_deref().map(hardware::throttling));
    checks.extend(facts.governor.as_ref().map(hardware::governor));
    checks.push(clock(facts.clock));
    checks
}

fn program(program: Program) -> Check {
    let Program { version, system, architecture } = program;
    Check::ok("program", format!("blastscope {version}, {system} {architecture}"))
}

fn processor(processor: &Processor) -> Check {
    let Processor { name, board, cores, threads } = processor;
    let name = name.as_deref().unwrap_or("unknown processor");
    let on = board.as_ref().map(|board| format!(" on {board}")).unwrap_or_default();
    let found = format!("{name}{on}; {}, {}", counted(*cores, "core"), counted(*threads, "thread"));
    if threads < cores {
        let remedy = "the system limits the cores of this program: check its container, service or taskset";
        return Check::look("processor", found, remedy);
    }
    Check::ok("processor", found)
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn memory(memory: Memory) -> Check {
    let Memory { total, available } = memory;
    let found = format!("{:.1} of {:.1} GB available", available as f64 / GIB, total as f64 / GIB);
    if available < FEW_MEMORY {
        return Check::look("memory", found, "close other programs, or restart the machine");
    }
    Check::ok("memory", found)
}

fn disk(disk: &Disk) -> Check {
    let Disk { path, free, total } = disk;
    let found = format!("{:.1} of {:.1} GB free at {path}", *free as f64 / GIB, *total as f64 / GIB);
    if *free < FEW_DISK {
        return Check::look("disk", found, "copy old records elsewhere and delete them here, or use a larger card");
    }
    Check::ok("disk", found)
}

fn clock(clock: Clock) -> Check {
    let Clock { now, installed, synchronized, battery } = clock;
    let time = timestamp::text(now);
    let set = "records would get wrong times: connect the network, or sudo timedatectl set-time 'YYYY-MM-DD HH:MM'";
    if !YEARS.contains(&timestamp::year(now)) {
        return Check::look("clock", format!("{time}, which is impossible"), set);
    }
    if installed.is_some_and(|installed| now.saturating_add(A_DAY) < installed) {
        return Check::look("clock", format!("{time}, before this program was installed"), set);
    }
    let keeps = "keeps time without power";
    match (synchronized, battery) {
        (Some(true), _) => Check::ok("clock", format!("{time}, set by the network")),
        (Some(false), true) => Check::ok("clock", format!("{time}, not set by the network; a clock here {keeps}")),
        (None, true) => Check::ok("clock", format!("{time}; a clock here {keeps}")),
        (Some(false), false) => {
            Check::look("clock", format!("{time}, not set by the network, and no clock here {keeps}"), set)
        }
        (None, false) => {
            let remedy = "compare it with a watch; fit a battery clock, or with a network install systemd-timesyncd";
            Check::look("clock", format!("{time}; set by an unknown source, and no clock here {keeps}"), remedy)
        }
    }
}

#[cfg(test)]
mod tests;
