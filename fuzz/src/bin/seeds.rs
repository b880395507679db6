//! Draws the targets' first inputs into fuzz/corpus: `cargo run --manifest-path fuzz/Cargo.toml --no-default-features --bin seeds`.
//! None comes from a photograph.

use std::{fs, io::Cursor, num::NonZero, path::Path};

use blastscope_shared::artifact::{HEADER_LEN, Pictures, sign, signing::SecretKey};
use blastscope_tests::{blocks, cell_artifact, jury_artifact, marked, tiny_artifact};
use image::{DynamicImage, ImageFormat, RgbImage};

fn main() {
    let put = |target: &str, name: &str, bytes: &[u8]| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        fs::create_dir_all(&folder).expect("the folder can be made");
        fs::write(folder.join(name), bytes).expect("the seed can be written");
    };
    let key = SecretKey::from_seed(&[7; 32]);
    let (tiny, marks) = (tiny_artifact(), marked::model(Pictures::default()));
    let signed = sign(&tiny, &key, NonZero::<u32>::MIN).expect("the tiny model can be signed");
    put("artifact", "tiny", &tiny[HEADER_LEN..]);
    put("artifact", "cells", &cell_artifact()[HEADER_LEN..]);
    put("artifact", "marks", &marks[HEADER_LEN..]);
    put("artifact", "jury", &jury_artifact()[HEADER_LEN..]);
    put("update", "signed", &[&[0], &signed[..]].concat());
    put("update", "unsigned", &[&[0], &tiny[..]].concat());
    put("update", "body", &[&[1], &marks[HEADER_LEN..]].concat());
    put("keys", "public", key.public().to_text("blastscope public key").as_bytes());
    put("keys", "secret", key.to_text("blastscope secret key").as_bytes());
    put("keys", "header", &signed[..HEADER_LEN]);

    let drawn = blocks(64, 64, 3);
    let rgb = RgbImage::from_raw(64, 64, drawn.bytes().to_vec()).expect("three bytes per pixel");
    let encoded = |picture: &DynamicImage, format| {
        let mut file = Cursor::new(Vec::new());
        picture.write_to(&mut file, format).expect("the picture can be encoded");
        file.into_inner()
    };
    let colour = DynamicImage::from(rgb);
    let grey = DynamicImage::from(colour.to_luma8());
    for (name, format) in
        [("jpeg", ImageFormat::Jpeg), ("png", ImageFormat::Png), ("bmp", ImageFormat::Bmp), ("tiff", ImageFormat::Tiff)]
    {
        put("picture", name, &encoded(&colour, format));
        put("picture", &format!("{name}-grey"), &encoded(&grey, format));
    }
    put("picture", "png-alpha", &encoded(&DynamicImage::from(colour.to_rgba8()), ImageFormat::Png));
    put("picture", "png-16", &encoded(&DynamicImage::from(colour.to_rgb16()), ImageFormat::Png));

    let jpeg = encoded(&colour, ImageFormat::Jpeg);
    let frame = |kind: u8, sizes: [u16; 3], bytes: &[u8]| {
        let sizes: Vec<u8> = sizes.into_iter().flat_map(u16::to_le_bytes).collect();
        [&[kind], &sizes[..], bytes].concat()
    };
    put("frame", "mjpeg", &frame(1, [0; 3], &[&jpeg[..], &[0; 16]].concat()));
    put("frame", "yuyv", &frame(2, [16, 4, 32], &[128; 128]));
    put("frame", "nv12", &frame(3, [16, 4, 16], &[128; 96]));
    put("frame", "grey", &frame(4, [16, 4, 20], &[128; 80]));
    put("frame", "rgb", &frame(5, [8, 4, 24], &[128; 96]));
    put("frame", "bgr", &frame(6, [8, 4, 28], &[128; 112]));

    let hash = "ab".repeat(32);
    put(
        "groups",
        "plain",
        format!("file,sha256,overlap_group,session\nPre/a.jpg,{hash},1,s-1\nPre/b.jpg,{hash},2,\n").as_bytes(),
    );
    put("groups", "quoted", format!("\u{feff}\"file\",sha256,overlap_group\r\n\"Pre/a.jpg\",{hash},1\r\n").as_bytes());
    put("settings", "device", include_bytes!("../../../device/assets/blastscope.toml"));
    let filled = "[camera]\nsource = \"auto\"\nlock_exposure = true\n[pipeline]\nsettle = 3\nmin_probability = 0.5\n[server]\nlisten = \
                  \"127.0.0.1:8080\"\n[data]\ndir = \"/var/lib/blastscope\"\n[log]\nlevel = \"debug\"\n[hardware]\nchip = \"gpiochip0\"\n\
                  [hardware.lamps]\nbenign = { line = 17 }\n";
    put("settings", "filled", filled.as_bytes());

    let request = |line: &str, more: &str| format!("{line} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}\r\n").into_bytes();
    put("http", "page", &request("GET /", ""));
    put("http", "state", &request("GET /api/state", "Accept: */*\r\n"));
    put("http", "fields", &request("GET /api/sessions/1/fields?after=0&count=9", "Range: bytes=0-9\r\n"));
    put("http", "report", &request("GET /api/sessions/1/report/pdf?download=1", "Cookie: blastscope=00\r\n"));
    let chunked = "X-Blastscope: 1\r\nTransfer-Encoding: chunked\r\n";
    put("http", "chunked", &[&request("POST /api/sessions", chunked)[..], b"2\r\n{}\r\n0\r\n\r\n"].concat());
    put("json", "take", b"\x00{}");
    put("json", "login", b"\x01{\"token\":\"00\"}");
    put("json", "session", b"\x03{\"specimen\":\"S-1\",\"operator\":\"A. B.\"}");
    put("json", "end", b"\x05{\"reason\":\"screened\"}");
    put("json", "sign-off", b"\x06{\"name\":\"A. B.\"}");
    put("json", "opinion", b"\x07{\"by\":\"A. B.\",\"kind\":\"correction\",\"label\":\"Pre\",\"note\":\"\"}");
}
