//! A drawn field is the same file, and decodes to the same pixels, on every processor: sets drawn on two machines are identical.

use blastscope::record::Jpeg;
use blastscope_drawn::GENERATOR;
use blastscope_host::{
    data::{
        drawn_set::DrawnSet,
        picture::{pictures_below, read_file, read_picture},
    },
    support::progress::Progress,
};
use blastscope_shared::{field::decode::decode, hex};
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
        // As the record stores thumbnails, and as they are read back.
        kept.update(decode(Jpeg::encode(&picture).expect("encoded").bytes()).expect("a picture").bytes());
    }
    // A change of the second or third comes from the decoder or the encoder: `GENERATOR` covers the drawing alone.
    let expected = [
        "823a9717f77ca97b294d03ac052974062f4a25d901082b32c3a2a3c6bf33c9ee",
        "97c80e96622514e66547f6e546bbbd68f714e3ccffae51be714716641fbc6f5f",
        "578b7517df5bb0830c9516d76dd3e30344fc8aaabd9a173ac9dcf95d7f336a0c",
    ];
    assert_eq!([files, pixels, kept].map(|hash| hex(&hash.finalize())), expected);
}
