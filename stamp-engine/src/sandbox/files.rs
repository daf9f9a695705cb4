//! Files: what Landlock leaves (Linux, "Landlock: unprivileged access control").

use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath, PathFd,
    PathFdError, Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetError,
    RulesetStatus, Scope,
};

use super::Confined;
use crate::{Error, Result};

/// Newer rights are taken away where the kernel knows them.
const NEWEST: ABI = ABI::V6;

/// Leaves these files; no others, no ports, no other process's abstract sockets and no signals.
pub(super) fn confine(read: &[PathBuf], write: &[PathBuf]) -> Result<Confined> {
    let confined = ruleset().and_then(|rules| {
        let readable = AccessFs::ReadFile | AccessFs::ReadDir;
        let rules = allow(rules, read, readable)?;
        let kinds = AccessFs::MakeReg | AccessFs::MakeDir | AccessFs::RemoveFile;
        let changes = AccessFs::WriteFile | AccessFs::Truncate | AccessFs::Refer;
        allow(rules, write, readable | kinds | changes)?.restrict_self()
    });
    let confined =
        confined.map_err(|error| Error::Sandbox(format!("its files are not taken away: {error}")))?;
    Ok(match confined.ruleset {
        RulesetStatus::NotEnforced => Confined::WithoutFiles,
        RulesetStatus::PartiallyEnforced | RulesetStatus::FullyEnforced => Confined::Fully,
    })
}

fn ruleset() -> Result<RulesetCreated, RulesetError> {
    let ruleset = Ruleset::default().set_compatibility(CompatLevel::BestEffort);
    let ruleset = ruleset.handle_access(AccessFs::from_all(NEWEST))?;
    let ruleset = ruleset.handle_access(AccessNet::from_all(NEWEST))?;
    ruleset.scope(Scope::from_all(NEWEST))?.create()
}

fn allow(
    rules: RulesetCreated,
    paths: &[PathBuf],
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    paths.iter().try_fold(rules, |rules, path| match open(path) {
        Some(opened) => rules.add_rule(PathBeneath::new(opened, access)),
        None => Ok(rules),
    })
}

/// What cannot be opened cannot be read either.
fn open(path: &Path) -> Option<PathFd> {
    match PathFd::new(path) {
        Ok(opened) => Some(opened),
        Err(PathFdError::OpenCall { source, .. }) if source.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            tracing::warn!("not in the sandbox: {error}");
            None
        }
    }
}
