//! Holds `docs/commands.md` to the command lines of both programs.

use std::{env, fmt::Write as _, fs, path::Path};

use clap::{Arg, Command, CommandFactory as _, builder::StyledStr};

/// If set, the test rewrites the document.
const RENEW: &str = "BLASTSCOPE_RENEW";

const HEAD: &str = "# Commands

`blastscope` runs at the microscope, `blastscope-host` on the computer that trains. This document is written from their help texts.
`BLASTSCOPE_RENEW=1 cargo test -p blastscope-tests --test crossing command_reference::` writes it anew.

For Research Use Only. Not for use in diagnostic procedures.
";

/// Commands by task: title, program, commands.
const TASKS: [(&str, &str, &[&str]); 11] = [
    ("Screen a slide", "blastscope", &["live", "classify", "cameras", "adapt"]),
    ("Reach the page", "blastscope", &["token"]),
    ("Report and export", "blastscope", &["sessions", "report", "export"]),
    ("Keep the record", "blastscope", &["verify", "backup", "record"]),
    ("Install and configure", "blastscope", &["install-service", "config", "update", "model"]),
    ("Check and measure the device", "blastscope", &["doctor", "bench"]),
    ("Prepare data", "blastscope-host", &["synth", "audit"]),
    ("Train", "blastscope-host", &["train", "crossval", "reproduce", "adapt", "retrain"]),
    ("Measure a model", "blastscope-host", &["evaluate", "compare", "stress"]),
    ("Pack, sign and describe a model", "blastscope-host", &["quantize", "jury", "card", "inspect", "keygen", "sign"]),
    ("Check and measure the host", "blastscope-host", &["doctor", "throughput"]),
];

fn programs() -> [Command; 2] {
    [blastscope::commands::command(), blastscope_program::Cli::command()].map(|mut program| {
        program.build();
        program
    })
}

fn text(styled: Option<&StyledStr>) -> String {
    styled.map(ToString::to_string).unwrap_or_default().trim_end().to_owned()
}

/// Adds a full stop unless the text ends a sentence.
fn sentence(text: &str) -> String {
    let ends = text.is_empty() || text.ends_with(['.', ':', '!', ']']);
    if ends { text.to_owned() } else { format!("{text}.") }
}

/// A command and its subcommands, each with the words that call it.
fn flattened<'a>(words: &str, command: &'a Command, all: &mut Vec<(String, &'a Command)>) {
    let words = format!("{words} {}", command.get_name());
    all.push((words.clone(), command));
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        flattened(&words, below, all);
    }
}

/// Commands of a program, in the order of its help.
fn commands(program: &Command) -> Vec<(String, &Command)> {
    let mut all = Vec::new();
    for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
        flattened(program.get_name(), command, &mut all);
    }
    all
}

fn anchor(words: &str) -> String {
    words.replace(' ', "-")
}

/// A cell of a table: one line, with `<` and `|` escaped.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|").replace('<', "&lt;")
}

fn name(arg: &Arg) -> String {
    let values: Vec<_> = arg.get_value_names().unwrap_or_default().iter().map(|name| format!("<{name}>")).collect();
    let values = if arg.get_action().takes_values() { values.join(" ") } else { String::new() };
    let long = arg.get_long().map(|long| format!("--{long}"));
    let short = arg.get_short().map(|short| format!("-{short}"));
    let names = [short, long].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let many =
        if arg.is_positional() && arg.get_num_args().is_some_and(|range| range.max_values() > 1) { "..." } else { "" };
    let all: Vec<_> = [names, values].into_iter().filter(|part| !part.is_empty()).collect();
    format!("`{}{many}`", all.join(" ").replace('|', "\\|"))
}

/// An option's meaning, with its choices and default.
fn meaning(arg: &Arg) -> String {
    let mut parts = vec![text(arg.get_long_help().or_else(|| arg.get_help()))];
    if arg.get_action().takes_values() {
        let choices: Vec<_> = arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
        if !choices.is_empty() {
            parts.push(format!("One of {}.", choices.join(", ")));
        }
        let defaults: Vec<_> =
            arg.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
        if !defaults.is_empty() && !arg.is_hide_default_value_set() {
            parts.push(format!("Default: {}.", defaults.join(" ")));
        }
    }
    if arg.is_required_set() {
        parts.push("Required.".into());
    }
    cell(&parts.iter().map(|part| sentence(part)).collect::<Vec<_>>().join(" "))
}

/// A help text as Markdown: indented lines are examples, shown verbatim.
fn examples(help: &str) -> String {
    let (mut out, mut inside, mut fence) = (String::new(), false, "");
    for line in help.lines() {
        let indented = line.starts_with("  ");
        if indented != inside {
            out.push_str(if indented { fence } else { "```\n" });
            inside = indented;
        }
        if !indented {
            fence = if line == "Examples:" { "\n```sh\n" } else { "\n```text\n" };
        }
        let _ = writeln!(out, "{}", line.strip_prefix("  ").unwrap_or(line));
    }
    if inside {
        out.push_str("```\n");
    }
    out
}

fn chapter(words: &str, command: &Command) -> String {
    let mut out =
        format!("\n### {words}\n\n{}\n", sentence(&text(command.get_long_about().or_else(|| command.get_about()))));
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").split_whitespace().collect::<Vec<_>>().join(" ");
    let _ = write!(out, "\n```text\n{usage}\n```\n");
    let shown = |arg: &&Arg| !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str());
    let rows: String =
        command.get_arguments().filter(shown).map(|arg| format!("| {} | {} |\n", name(arg), meaning(arg))).collect();
    if !rows.is_empty() {
        let _ = write!(out, "\n| argument | meaning |\n| --- | --- |\n{rows}");
    }
    let help = text(command.get_after_long_help().or_else(|| command.get_after_help()));
    if !help.is_empty() {
        let _ = write!(out, "\n{}", examples(&help));
    }
    out
}

fn document() -> String {
    let programs = programs();
    let mut out = HEAD.to_owned();
    out.push_str("\n## By task\n\n| task | commands |\n| --- | --- |\n");
    for (task, program, names) in TASKS {
        let link = |name: &&str| format!("[{name}](#{})", anchor(&format!("{program} {name}")));
        let _ = writeln!(out, "| {task} (`{program}`) | {} |", names.iter().map(link).collect::<Vec<_>>().join(", "));
    }
    for program in &programs {
        let _ = write!(
            out,
            "\n## {}\n\n{}\n",
            program.get_name(),
            sentence(&text(program.get_long_about().or_else(|| program.get_about())))
        );
        for (words, command) in commands(program) {
            out.push_str(&chapter(&words, command));
        }
    }
    out
}

#[test]
fn the_document_is_what_the_programs_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/commands.md");
    let made = document();
    if env::var_os(RENEW).is_some() {
        fs::write(&path, &made).expect("written");
        return;
    }
    let text = fs::read_to_string(&path).unwrap_or_default();
    if made != text {
        let apart = made.lines().zip(text.lines()).find(|(new, old)| new != old);
        panic!(
            "docs/commands.md is stale at {apart:?}: {RENEW}=1 cargo test -p blastscope-tests --test crossing command_reference::"
        );
    }
}

#[test]
fn every_command_has_its_task() {
    for program in programs() {
        let mut expected: Vec<_> = program
            .get_subcommands()
            .map(|command| command.get_name().to_owned())
            .filter(|name| name != "help")
            .collect();
        let mut listed: Vec<_> = TASKS
            .iter()
            .filter(|(_, of, _)| *of == program.get_name())
            .flat_map(|(.., names)| names.iter().map(|name| (*name).to_owned()))
            .collect();
        expected.sort();
        listed.sort();
        assert_eq!(listed, expected, "commands of {} by task", program.get_name());
    }
}
