//! A drawn field is the same file, and decodes to the same pixels, on every processor: sets that two machines draw are one set.

use blastscope::record::Jpeg;
use blastscope_host::{
    picture::{pictures_below, read_file, read_picture},
    progress::Progress,
    synth::{DrawnSet, GENERATOR},
};
use blastscope_shared::{decode::decode, hex};
use sha2::{Digest as _, Sha256};

#[test]
fn a_drawn_set_is_the_same_on_every_processor_from_the_seed_to_the_decoded_pixels() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let set = DrawnSet { generator: GENERATOR, seed: 15, width: 250, height: 190, per_class: 1 };
    set.write(folder.path(), || ()).expect("drawn");
    let [mut files, mut pixels, mut kept] = [(); 3].map(|()| Sha256::new());
    for path in pictures_below(folder.path(), Progress::Silent).expect("pictures").pictures {
        files.update(read_file(&path).expect("read"));
        let picture = read_picture(&path).expect("a picture");
        pixels.update(picture.bytes());
        // As the record keeps it, and as it is read from there.
        kept.update(decode(Jpeg::encode(&picture).expect("encoded").bytes()).expect("a picture").bytes());
    }
    assert_eq!([files, pixels, kept].map(|hash| hex(&hash.finalize())), ["FILES", "PIXELS", "KEPT"]);
}
