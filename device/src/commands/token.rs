//! The command `token`: the page's address and its token.

use std::{
    fs,
    io::{self, Write as _},
    net::SocketAddr,
    path::PathBuf,
};

use blastscope_files::Printable as _;
use clap::Args;
use serde_json::json;

use super::{PARTLY, SUCCESS, UNUSABLE, settings};
use crate::{config::address, faces::page, support::terminal::note};

#[derive(Debug, Args)]
pub(super) struct TokenArgs {
    /// Folder of the record [default: from the configuration].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Address of the page [default: from the configuration].
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address)]
    listen: Option<SocketAddr>,
    /// Configuration [default: /etc/blastscope.toml, if it exists].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Delete the token: the next start creates a new one.
    #[arg(long, conflicts_with = "listen")]
    forget: bool,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

pub(super) fn token(args: &TokenArgs) -> io::Result<u8> {
    let Some(config) = settings(args.config.as_deref()) else { return Ok(UNUSABLE) };
    let path = page::token_in(args.data_dir.as_ref().unwrap_or(&config.data.dir));
    let mut out = io::stdout().lock();
    if args.forget {
        let forgotten = match fs::remove_file(&path) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => {
                note(format_args!("{} cannot be removed ({error}); run the command with sudo", path.printable()));
                return Ok(UNUSABLE);
            }
        };
        if args.json {
            writeln!(out, "{}", json!({ "file": path, "forgotten": forgotten }))?;
        } else if forgotten {
            writeln!(out, "the token is deleted; restart `blastscope live`, which creates a new one")?;
        } else {
            writeln!(out, "there was no token at {}", path.printable())?;
        }
        return Ok(SUCCESS);
    }
    let address = args.listen.unwrap_or(config.server.listen);
    let page = page::url(address, &config.server.allowed_hosts);
    let token = if address.ip().is_loopback() && !config.server.is_proxied() {
        None
    } else {
        match page::tighten_token(&path) {
            Ok(None) => {}
            Ok(Some(sentence)) => note(sentence),
            Err(error) => {
                note(format_args!(
                    "others may be able to read {}, and its permissions cannot be changed ({error}); run the command with sudo",
                    path.display()
                ));
                return Ok(UNUSABLE);
            }
        }
        match page::read_token(&path) {
            Ok(Some(token)) => Some(token),
            Ok(None) => {
                note(format_args!(
                    "there is no token at {}: `blastscope live --listen {address}` creates one at its first start",
                    path.printable()
                ));
                return Ok(PARTLY);
            }
            Err(error) => {
                let reason = crate::support::files::reason(&error);
                note(format_args!("{} {reason}; run the command with sudo", path.printable()));
                return Ok(UNUSABLE);
            }
        }
    };
    if args.json {
        // Each link opens the page once, so a new one is made each time.
        let link = token.as_deref().and_then(|token| page::link(&page, token).ok());
        writeln!(out, "{}", json!({ "page": page, "token": token, "link": link, "file": path }))?;
    } else {
        writeln!(out, "{}", page::message(&page, token.as_deref()))?;
    }
    Ok(SUCCESS)
}
