use std::io::Write as _;

use blastscope_shared::judge::Thresholds;

use super::*;

fn read(text: &str) -> Result<Config, ConfigError> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    Config::read(file.path()).map(|config| Config { file: None, ..config })
}

#[test]
fn the_commented_file_says_what_the_defaults_are() {
    assert_eq!(read(DEFAULT_TEXT), Ok(Config::default()));
    assert_eq!(read(""), Ok(Config::default()));
    // With the optional lines enabled, every known key is present.
    let all: String = DEFAULT_TEXT
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
        .flat_map(|line| [line, "\n"])
        .collect();
    let config = serde_json::to_value(read(&all).expect("fine")).expect("JSON");
    let shown = |table: &serde_json::Value| !table.is_null();
    for (name, table) in config.as_object().expect("tables") {
        let values = table.as_object().expect("a table");
        assert!(values.values().all(shown), "{name}: {values:?}");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_place_its_value_and_a_remedy() {
    for (text, place, words) in [
        ("[pipeline]\nsettle = 0\n", (2, 10), "pipeline.settle = 0: give 1 to 100 frames"),
        ("[pipeline]\nsettle = 101", (2, 10), "give 1 to 100"),
        ("[pipeline]\nsettle = -1", (2, 10), "-1"),
        ("[pipeline]\n  settle = \"3\"", (2, 12), "invalid type: string \"3\""),
        ("[pipeline]\nmin_probability = 1.5", (2, 19), "pipeline.min_probability = 1.5: give 0 to 1"),
        ("[pipeline]\nmin_probability = nan", (2, 19), "give 0 to 1"),
        ("[pipeline]\nmax_novelty = 0.0", (2, 15), "give 0.001"),
        ("[pipeline]\ntake_after = 0", (2, 14), "pipeline.take_after = 0: give 1 to 1000 frames"),
        ("[pipeline]\nsetle = 3", (2, 1), "unknown field `setle`, expected one of `settle`"),
        ("[pipline]\n", (1, 2), "unknown field `pipline`"),
        ("[report]\nmin_fields = 0", (2, 14), "give 1 to 100000 fields"),
        ("[server]\nlisten = \"localhost\"", (2, 10), "server.listen = \"localhost\": give an address and a port"),
        (
            "[server]\nallowed_hosts = [\"a.example\", \"http://a.example\"]",
            (2, 31),
            "server.allowed_hosts = \"http://a.example\": give a DNS name",
        ),
        ("[server]\ntrusted_proxies = [\"proxy\"]", (2, 20), "server.trusted_proxies = \"proxy\": give the address"),
        ("[data]\ndir = \"data\"", (2, 7), "data.dir = \"data\": give an absolute path"),
        ("[data]\nmin_free_mb = 0", (2, 15), "give 1 to 1000000 megabytes"),
        ("[log]\nlevel = \"loud\"", (2, 9), "log.level = \"loud\": give error, warn, info, debug or trace"),
        ("[camera]\nsource = \"\"", (2, 10), "camera.source = \"\": give a text"),
        ("[model]\nfile = \"a.bsm\"", (2, 8), "absolute path"),
        ("# ä\n[camera]\nsource = 'ä' x", (3, 14), "shows all keys"),
    ] {
        let error = read(text).expect_err(text);
        assert_eq!(error.place, Some(place), "{text}: {error}");
        let shown = error.to_string();
        assert!(shown.contains(words) && shown.contains(&format!(":{}:{}: ", place.0, place.1)), "{text}: {shown}");
    }
    let absent = Config::read(Path::new("/absent/blastscope.toml")).expect_err("absent");
    assert_eq!(absent.to_string(), "/absent/blastscope.toml: does not exist");
}

#[test]
fn thresholds_become_stricter_and_never_laxer() {
    let tiny = include_bytes!("../../../tests/golden/tiny.bsm");
    let model = Thresholds { min_probability: 0.3, min_subtype: 0.5, max_novelty: 1000.0 };
    let with = |min_probability, max_novelty| {
        let pipeline = Pipeline { min_probability, max_novelty, ..Pipeline::default() };
        *pipeline.judged(Classifier::read(tiny).expect("the tiny model")).thresholds()
    };
    assert_eq!(with(None, None), model);
    assert_eq!(with(Some(0.9), Some(1.5)), Thresholds { min_probability: 0.9, min_subtype: 0.5, max_novelty: 1.5 });
    assert_eq!(with(Some(0.1), Some(9000.0)), model);
}

#[test]
fn the_hash_follows_the_values_and_not_the_text() {
    let hash = |text: &str| read(text).expect(text).sha256();
    assert_eq!(hash(""), hash(DEFAULT_TEXT));
    assert_eq!(
        hash("[report]\nmin_fields = 60\n[log]\nlevel='warn'"),
        hash("[log]\nlevel = \"warn\"\n[report]\nmin_fields=60")
    );
    let different: std::collections::HashSet<String> = [
        "",
        "[report]\nmin_fields = 60",
        "[pipeline]\nmin_probability = 0.9",
        "[pipeline]\nsettle = 4",
        "[pipeline]\ntake_after = 4",
        "[hardware]\nchip = 'a'",
        "[hardware]\nchip = 'b'",
        "[data]\ndir = '/tmp'",
    ]
    .map(hash)
    .into();
    assert_eq!(different.len(), 8);
    assert_eq!(hash("[hardware]\na = 1\nb = 2"), hash("[hardware]\nb = 2\na = 1"));
}

#[test]
fn hardware_is_passed_on_as_it_is() {
    let config = read("[hardware]\nchip = 'x'\n[hardware.lamps]\nbenign = { line = 17 }").expect("fine");
    let hardware = config.hardware.expect("there");
    assert_eq!(hardware["lamps"]["benign"]["line"].as_integer(), Some(17));
}
