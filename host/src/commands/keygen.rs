//! `keygen`: a key to sign models with.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::{Error, keys::KeyFiles};

/// Make a key that signs models: KEY.key stays with you, KEY.pub goes to the devices.
///
/// The secret key is not encrypted: keep it where only you can read it, best on a machine without a network, with a copy in a safe
/// place. A device takes models of the keys in the folder trusted-keys of its data directory only.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  blastscope-host keygen --out ~/keys/laboratory --owner 'Haematology laboratory'")]
pub struct Keygen {
    /// Path of the two files, without their endings .key and .pub. Files that are there are not replaced.
    #[arg(long, value_name = "KEY")]
    out: PathBuf,
    /// Whose key it is, for the comment in the files [default: the file's name].
    #[arg(long, value_name = "TEXT")]
    owner: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Keygen {
    /// Runs the command.
    ///
    /// # Errors
    /// When a file is there already or cannot be written.
    pub fn run(&self) -> Result<(), Error> {
        let Some(name) = self.out.file_name() else {
            return Err(Error::Usage(format!(
                "--out {} names no file; give a path such as keys/lab",
                self.out.display()
            )));
        };
        let owner = self.owner.clone().unwrap_or_else(|| name.to_string_lossy().into_owned());
        let files = KeyFiles::named(&self.out);
        let key = files.generate(&owner)?;
        if self.json {
            println!("{:#}", json!({"secret": files.secret, "public": files.public, "id": key.id()}));
        } else {
            println!("key {}", key.id());
            println!("secret  {}  keep it to yourself; whoever has it can sign models", files.secret.display());
            println!("public  {}  copy it to DATA_DIR/trusted-keys/ of each device", files.public.display());
        }
        Ok(())
    }
}
