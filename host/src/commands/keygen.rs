//! `keygen`: makes a key that signs models.

use std::path::PathBuf;

use blastscope_files::Printable as _;
use clap::Args;
use serde_json::json;

use crate::{Error, pack::keys::KeyFiles, support::output};

/// Make a key that signs models: KEY.key stays with you, KEY.pub goes to the devices.
///
/// The secret key is not encrypted. Keep it where only you can read it, best on a machine without a network, with a copy in a safe
/// place. A device accepts only models signed by a key in the folder trusted-keys of its data directory.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  blastscope-host keygen --out ~/keys/laboratory --owner 'Haematology laboratory'")]
pub struct Keygen {
    /// Path of the two files, without their endings .key and .pub. Existing files are not replaced.
    #[arg(long, value_name = "KEY")]
    out: PathBuf,
    /// Owner of the key, for the comment in the files [default: the file's name].
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
    /// When a file already exists or cannot be written.
    pub fn run(&self) -> Result<(), Error> {
        let Some(name) = self.out.file_name() else {
            return Err(Error::Usage(format!(
                "--out {} names no file; give a path such as keys/lab",
                self.out.printable()
            )));
        };
        let owner = self.owner.clone().unwrap_or_else(|| name.to_string_lossy().into_owned());
        let files = KeyFiles::named(&self.out);
        let key = files.generate(&owner)?;
        if self.json {
            output::json(format_args!(
                "{:#}",
                json!({"secret": files.secret, "public": files.public, "id": key.id()})
            ))?;
        } else {
            output::line(format_args!("key {}", key.id()))?;
            output::line(format_args!(
                "secret  {}  keep it to yourself; whoever has it can sign models",
                files.secret.printable()
            ))?;
            output::line(format_args!(
                "public  {}  copy it to DATA_DIR/trusted-keys/ of each device",
                files.public.printable()
            ))?;
        }
        Ok(())
    }
}
