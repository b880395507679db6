//! Files as people write them.

use super::*;

/// The example of the module's documentation.
const EXAMPLE: &str = include_str!("../configuration.rs");

fn example() -> String {
    let lines = EXAMPLE.lines().map_while(|line| line.strip_prefix("//!"));
    lines
        .skip_while(|line| *line != " ```toml")
        .skip(1)
        .take_while(|line| *line != " ```")
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn the_documented_example_is_read() {
    let configuration = Configuration::parse(&example()).expect("the example is right");
    let places = configuration.places();
    let told: Vec<_> = places
        .iter()
        .map(|place| (place.role.as_str(), place.line.to_string(), place.active_low, place.is_output))
        .collect();
    let expected = [
        ("lamp benign", "17", false, true),
        ("lamp suspicious", "27", false, true),
        ("lamp look_again", "GPIO22", true, true),
        ("buzzer", "18", false, true),
        ("button take", "23", true, false),
        ("button confirm", "24", true, false),
    ]
    .map(|(role, line, low, output)| (role, line.to_string(), low, output));
    assert_eq!(told, expected);
    assert!(places.iter().all(|place| place.chip == "pinctrl-bcm2711"));
    let buzzer = configuration.buzzer.as_ref().expect("a buzzer");
    assert_eq!((buzzer.beep(), buzzer.mute), (Duration::from_millis(120), false));
    let holds: Vec<_> = configuration.buttons().map(|(_, pin)| pin.hold().as_millis()).collect();
    assert_eq!(holds, [25, 25]);
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    for (text, line, reason) in [
        ("chip = \"sim\"\n\n[lamp]\nbenign = { line = 1 }\n", 3, "unknown field `lamp`"),
        ("chip = \"sim\"\n[lamps]\ngreen = { line = 1 }\n", 3, "unknown field `green`"),
        ("chip = \"sim\"\n[lamps]\nbenign = { line = 1, low = true }\n", 3, "unknown field `low`"),
        ("chip = \"sim\"\n[lamps]\nbenign = { active_low = true }\n", 3, "missing field `line`"),
        ("chip = \"sim\"\n[lamps]\nbenign = { line = true }\n", 3, "a line's number, or its name in quotes"),
        ("chip = \"sim\"\n[lamps]\nbenign = { line = -1 }\n", 3, "there is no line -1"),
        ("[lamps]\nbenign = { line = 1 }\n", 2, "the lamp benign has no chip"),
        ("chip = \"sim\"\n[lamps]\nbenign = { line = 1 }\n[buzzer]\nline = 1\n", 5, "cannot share line 1"),
        ("chip = \"sim\"\n[buzzer]\nline = 1\nbeep_ms = 0\n", 3, "beep_ms = 0: give 1 to 2000"),
        ("chip = \"sim\"\n[buttons]\ntake = { line = 1, debounce_ms = 5000 }\n", 3, "give 0 to 1000"),
        ("chip = \"sim\"\n[lamps\n", 2, ""),
    ] {
        let (found, said) = Configuration::parse(text).expect_err(text);
        assert!(said.contains(reason) && !said.is_empty(), "{text}\n{said}");
        assert_eq!(found, Some(line), "{text}\n{said}");
    }
    let (line, reason) = Configuration::parse("chip = \"sim\"\n").expect_err("nothing to do");
    assert_eq!((line, reason.as_str()), (None, "names no lamp, no buzzer and no button"));
}

#[test]
fn pins_of_different_chips_may_have_the_same_number() {
    let text = "chip = \"a\"\n[lamps]\nbenign = { line = 1 }\nsuspicious = { line = 1, chip = \"b\" }\n";
    assert!(Configuration::parse(text).is_ok());
}

#[test]
fn an_error_names_file_and_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("board.toml");
    let absent = Configuration::read(&path).expect_err("absent");
    assert_eq!(absent.to_string(), format!("{}: does not exist", path.display()));
    fs::write(&path, "[lamps]\nbenign = { line = 1 }\n").expect("a file");
    let wrong = Configuration::read(&path).expect_err("without a chip").to_string();
    assert!(wrong.starts_with(&format!("{}, line 2: the lamp benign has no chip", path.display())), "{wrong}");
    fs::write(&path, "[log]\nlevel = \"warn\"\n\n[hardware.lamps]\nbenign = { line = 1 }\n").expect("a file");
    let wrong = Configuration::read(&path).expect_err("without a chip").to_string();
    assert!(wrong.starts_with(&format!("{}, line 5: the lamp benign has no chip", path.display())), "{wrong}");
}

#[test]
fn a_file_of_its_own_and_the_table_of_a_whole_configuration_say_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let (own, whole) = (folder.path().join("board.toml"), folder.path().join("blastscope.toml"));
    fs::write(&own, "chip = \"sim\"\n[lamps]\nbenign = { line = 1 }\n").expect("a file");
    let text = "[camera]\nsource = \"auto\"\n[hardware]\nchip = \"sim\"\n[hardware.lamps]\nbenign = { line = 1 }\n";
    fs::write(&whole, text).expect("a file");
    let ((own, own_table), (whole, whole_table)) =
        (Configuration::read(&own).expect("pins"), Configuration::read(&whole).expect("pins"));
    assert_eq!(own_table, whole_table);
    let places = |configuration: &Configuration| -> Vec<(String, String)> {
        configuration.places().into_iter().map(|place| (place.role, format!("{} {}", place.chip, place.line))).collect()
    };
    assert_eq!(places(&own), places(&whole));
}
