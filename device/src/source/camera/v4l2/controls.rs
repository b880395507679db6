//! Exposure, gain and white balance: reads and locks them.
//!
//! A camera that adjusts itself makes the same field brighter or bluer from one moment to the next, which affects the network.

use std::io;

use v4l::{
    Device,
    control::{Control, Value},
};

use crate::source::camera::{CameraControl, Locked};

/// One of the three, with its identifiers from linux/v4l2-controls.h.
struct Part {
    name: &'static str,
    /// The control for automatic adjustment, and its value for "off".
    automatic: (u32, i64),
    value: u32,
}

const PARTS: [Part; 3] = [
    // V4L2_CID_EXPOSURE_AUTO with V4L2_EXPOSURE_MANUAL, V4L2_CID_EXPOSURE_ABSOLUTE
    Part { name: "exposure", automatic: (0x009A_0901, 1), value: 0x009A_0902 },
    // V4L2_CID_AUTOGAIN, V4L2_CID_GAIN
    Part { name: "gain", automatic: (0x0098_0912, 0), value: 0x0098_0913 },
    // V4L2_CID_AUTO_WHITE_BALANCE, V4L2_CID_WHITE_BALANCE_TEMPERATURE
    Part { name: "white balance", automatic: (0x0098_090C, 0), value: 0x0098_091A },
];

/// Access to a camera's controls by their identifiers.
pub trait Controls {
    /// Reads one.
    fn read(&self, id: u32) -> io::Result<i64>;
    /// Writes one.
    fn write(&self, id: u32, value: i64) -> io::Result<()>;
}

impl Controls for Device {
    fn read(&self, id: u32) -> io::Result<i64> {
        match self.control(id)?.value {
            Value::Integer(value) => Ok(value),
            Value::Boolean(value) => Ok(value.into()),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn write(&self, id: u32, value: i64) -> io::Result<()> {
        self.set_control(Control { id, value: Value::Integer(value) })
    }
}

/// The camera's controls among the three.
pub fn present(controls: &impl Controls) -> Vec<CameraControl> {
    let control = |part: &Part| {
        let automatic = controls.read(part.automatic.0).ok().map(|mode| mode != part.automatic.1);
        CameraControl { name: part.name, value: controls.read(part.value).ok(), automatic }
    };
    let known = |control: &CameraControl| control.value.is_some() || control.automatic.is_some();
    PARTS.iter().map(control).filter(known).collect()
}

/// Locks all three at the values of `earlier`, else at the current ones. Returns the locked values and a sentence about them.
pub fn lock(controls: &impl Controls, earlier: Option<&Locked>) -> (Locked, String) {
    let mut locked = Locked::new();
    let (mut held, mut lacking) = (Vec::new(), Vec::new());
    for part in &PARTS {
        let known = earlier.and_then(|earlier| earlier.iter().find(|(name, _)| *name == part.name));
        // Read before adjustment is switched off: some cameras jump to a stored value then.
        let wanted = known.map(|(_, value)| *value).or_else(|| controls.read(part.value).ok());
        match lock_part(controls, part, wanted) {
            Ok(Some(value)) => {
                locked.push((part.name, value));
                held.push(format!("{} at {value}", part.name));
            }
            Ok(None) => held.push(part.name.to_string()),
            Err(why) => lacking.push(format!("{} ({why})", part.name)),
        }
    }
    let list = |parts: &[String]| parts.join(", ");
    let sentence = match (held.is_empty(), lacking.is_empty()) {
        (_, true) => format!("locked: {}", list(&held)),
        (false, false) => format!("locked: {}; not locked: {}", list(&held), list(&lacking)),
        (true, false) => format!("nothing is locked: {}", list(&lacking)),
    };
    (locked, sentence)
}

fn lock_part(controls: &impl Controls, part: &Part, wanted: Option<i64>) -> Result<Option<i64>, String> {
    let (automatic, off) = part.automatic;
    let switched = match controls.read(automatic) {
        Ok(mode) if mode == off => Some(()),
        Ok(_) => {
            controls.write(automatic, off).map_err(|error| format!("the camera keeps adjusting it: {error}"))?;
            Some(())
        }
        Err(_) => None,
    };
    let Some(wanted) = wanted else {
        return switched.map(|()| None).ok_or_else(|| "not offered by the camera".to_string());
    };
    controls.write(part.value, wanted).map_err(|error| format!("it does not accept {wanted}: {error}"))?;
    match controls.read(part.value) {
        Ok(value) if value == wanted => Ok(Some(value)),
        Ok(value) => Err(format!("it was set to {wanted} and is {value}")),
        Err(error) => Err(format!("it cannot be read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::BTreeMap};

    use super::*;

    /// A camera that resets its exposure when adjustment is switched off, as some do.
    struct Drawn(RefCell<BTreeMap<u32, i64>>);

    impl Drawn {
        fn new(controls: &[(u32, i64)]) -> Self {
            Self(RefCell::new(controls.iter().copied().collect()))
        }
    }

    impl Controls for Drawn {
        fn read(&self, id: u32) -> io::Result<i64> {
            self.0.borrow().get(&id).copied().ok_or_else(|| io::ErrorKind::InvalidInput.into())
        }

        fn write(&self, id: u32, value: i64) -> io::Result<()> {
            let mut controls = self.0.borrow_mut();
            let exposure = PARTS[0].value;
            if id == PARTS[0].automatic.0 && controls.contains_key(&exposure) {
                controls.insert(exposure, 1);
            }
            // This camera supports even gains only.
            let value = if id == PARTS[1].value { value & !1 } else { value };
            match controls.get_mut(&id) {
                Some(control) => {
                    *control = value;
                    Ok(())
                }
                None => Err(io::ErrorKind::InvalidInput.into()),
            }
        }
    }

    const EXPOSURE: [u32; 2] = [0x009A_0901, 0x009A_0902];
    const GAIN: [u32; 2] = [0x0098_0912, 0x0098_0913];
    const WHITE: [u32; 2] = [0x0098_090C, 0x0098_091A];

    #[test]
    fn everything_is_held_at_its_present_value_and_after_a_replug_at_the_same() {
        let settings = [(EXPOSURE[0], 3), (EXPOSURE[1], 157), (GAIN[1], 64), (WHITE[0], 1), (WHITE[1], 4600)];
        let camera = Drawn::new(&settings);
        let (locked, sentence) = lock(&camera, None);
        assert_eq!(locked, [("exposure", 157), ("gain", 64), ("white balance", 4600)]);
        assert_eq!(sentence, "locked: exposure at 157, gain at 64, white balance at 4600");
        assert_eq!(camera.read(EXPOSURE[0]).ok(), Some(1));
        assert_eq!(camera.read(WHITE[0]).ok(), Some(0));
        let back = Drawn::new(&[(EXPOSURE[0], 3), (EXPOSURE[1], 9), (GAIN[1], 2), (WHITE[0], 1), (WHITE[1], 3000)]);
        assert_eq!(lock(&back, Some(&locked)), (locked, sentence));
        assert_eq!(back.read(EXPOSURE[1]).ok(), Some(157));
    }

    #[test]
    fn what_a_camera_does_not_offer_or_take_is_said() {
        let camera = Drawn::new(&[(GAIN[1], 63), (WHITE[0], 1)]);
        let (locked, sentence) = lock(&camera, None);
        assert_eq!(locked, []);
        assert_eq!(
            sentence,
            "locked: white balance; not locked: exposure (not offered by the camera), gain (it was set to 63 and is 62)"
        );
        assert!(lock(&Drawn::new(&[]), None).1.starts_with("nothing is locked: exposure (not offered"));
    }

    #[test]
    fn what_is_automatic_at_the_moment_is_listed() {
        let camera = Drawn::new(&[(EXPOSURE[0], 3), (EXPOSURE[1], 157), (GAIN[1], 64), (WHITE[0], 0)]);
        let expected = [
            CameraControl { name: "exposure", value: Some(157), automatic: Some(true) },
            CameraControl { name: "gain", value: Some(64), automatic: None },
            CameraControl { name: "white balance", value: None, automatic: Some(false) },
        ];
        assert_eq!(present(&camera), expected);
    }
}
