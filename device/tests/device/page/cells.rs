//! Cells over HTTP: their list, their pictures, their labels.

use blastscope::record::{CELL_SIDE, CellLabel, RecordReader, verify::verify};
use blastscope_shared::field::decode::decode_jpeg;
use serde_json::{Value, json};

use super::scene::{Scene, wait_for};

#[test]
fn cells_are_listed_shown_and_labelled_one_or_many_at_once() {
    let scene = Scene::of_cells();
    let client = scene.client();
    let session = scene.session(&client);
    wait_for("fields", || client.get("/api/state"), |state| state["session"]["fields"].as_u64() >= Some(3));
    let path = |rest: &str| format!("/api/sessions/{session}/{rest}");
    let cells = || client.get(&path("cells")).json();
    let listed = cells();
    let field = &listed["fields"][0];
    let number = field["field"].as_u64().expect("a number");
    let count = field["cells"].as_array().expect("cells").len();
    assert!(count >= 3, "{field}");
    for cell in field["cells"].as_array().expect("cells") {
        assert!(cell["x"].as_f64().is_some_and(|x| (0.0..1.0).contains(&x)) && cell["leaning"].is_f64(), "{cell}");
        assert_eq!(cell["label"], Value::Null);
    }
    let strip = client.get(&path(&format!("fields/{number}/cells.jpg")));
    assert_eq!(strip.header("content-type").as_deref(), Some("image/jpeg"));
    let strip = decode_jpeg(&strip.body).expect("a JPEG");
    assert_eq!((strip.width(), strip.height()), (count * CELL_SIDE, CELL_SIDE));
    let of_field = client.get(&path(&format!("fields/{number}"))).json();
    assert_eq!(of_field["seen_cells"].as_u64(), Some(count as u64));

    let started = client.summary(session)["session"]["started_utc"].clone();
    let label = |body: Value| {
        let mut whole =
            json!({"started": started, "by": "C. D.", "label": "blast", "cells": [[number, 1], [number, 3]]});
        body.as_object().expect("an object").iter().for_each(|(name, value)| whole[name] = value.clone());
        client.post(&path("cells"), &whole)
    };
    let saved = label(json!({"request": "0123456789abcdef"}));
    assert_eq!(saved.status, 200, "{saved:?}");
    assert_eq!(label(json!({"request": "0123456789abcdef"})).json(), saved.json(), "the same again");
    for (body, status) in [
        (json!({"label": "Blast"}), 400),
        (json!({"cells": []}), 400),
        (json!({"cells": [[number, 2], [number, 2]]}), 400),
        (json!({"cells": [[number, 99]]}), 404),
        (json!({"cells": [[number, 0]]}), 404),
        (json!({"cells": [[number]]}), 400),
        (json!({"started": "2020-01-01T00:00:00.000Z"}), 409),
        (json!({"label": "debris"}), 409),
    ] {
        assert_eq!(label(body.clone()).status, status, "{body}");
    }
    let now = cells();
    assert_eq!(now["last"], 1, "nothing else was written");
    assert_eq!((&now["told"]["blasts"], &now["told"]["blast_share"]["value"]), (&json!(2), &json!(1.0)));
    let last = now["last"].clone();
    assert_eq!(label(json!({"label": "lymphocyte", "cells": [[number, 1]], "seen": last})).status, 200);
    assert_eq!(label(json!({"label": null, "cells": [[number, 3]], "seen": last})).status, 200);
    let told = client.summary(session)["cells"].clone();
    assert_eq!((&told["lymphocytes"], &told["looked_at"], &told["blasts"]), (&json!(1), &json!(1), &json!(0)));

    let reader = RecordReader::open(scene.data.path()).expect("a record");
    let kept = reader.cells(reader.sessions().expect("read")[0].id).expect("read");
    assert_eq!(kept.fields[0].cells[0].label, Some(CellLabel::Lymphocyte));
    assert_eq!((kept.last, kept.fields[0].cells[0].labelled_by.as_deref()), (3, Some("C. D.")));
    assert_eq!(client.get("/api/sessions/99/cells").status, 404);
    assert_eq!(client.get(&path("fields/9999/cells.jpg")).status, 404);
    // Saving goes on meanwhile, so the chain is read when nothing is written.
    assert_eq!(client.post(&path("end"), &json!({})).status, 200);
    assert!(verify(scene.data.path(), &[]).expect("read").intact);
}
