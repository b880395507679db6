//! One value per class.

use serde::{Serialize, Serializer, ser::SerializeMap as _};

use crate::label::Class;

/// One value per class, in the order of [`Class::ALL`]; in JSON an object with the classes' names.
#[derive(Clone, Copy, Debug)]
pub struct ByClass<T>(pub [T; Class::COUNT]);

impl<T: Serialize> Serialize for ByClass<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Class::COUNT))?;
        for (class, value) in Class::ALL.iter().zip(&self.0) {
            map.serialize_entry(class.name(), value)?;
        }
        map.end()
    }
}
