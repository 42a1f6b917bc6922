//! A disk of a few megabytes: a file system in memory, in a mount namespace of its own, so that no rights are needed
//! where the system lets anybody have one.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A small disk, gone when it is dropped.
pub struct PrivateDisk {
    /// The process that holds the namespace open.
    keeper: Child,
    /// What `runuser` started, where it did.
    holder: u32,
    owner: Option<String>,
    path: PathBuf,
    folder: tempfile::TempDir,
}

impl PrivateDisk {
    /// A disk of that many megabytes. `None`, and a line that says so, where the system allows none.
    pub fn of(megabytes: u32) -> Option<Self> {
        Self::owned_by(None, megabytes)
    }

    /// The same, as another user's.
    pub fn owned_by(user: Option<&str>, megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let namespace = ["unshare", "--user", "--map-root-user", "--mount"];
        let mount = format!("mount -t tmpfs -o size={megabytes}m tmpfs \"$0\" && echo $$ && exec sleep 86400");
        let words = match user {
            Some(user) => vec!["runuser", "-u", user, "--"],
            None => Vec::new(),
        };
        let mut words = words.into_iter().chain(namespace).chain(["sh", "-c", &mount]);
        let mut keeper = Command::new(words.next().unwrap())
            .args(words)
            .arg(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().unwrap())
            .read_line(&mut line)
            .ok()?;
        let Ok(holder) = line.trim().parse::<u32>() else {
            eprintln!("not tried on a full disk: the system lets this user mount none");
            let _ = keeper.wait();
            return None;
        };
        let inside = folder.path().strip_prefix("/").unwrap();
        let path = Path::new("/proc").join(holder.to_string()).join("root").join(inside);
        Some(Self {
            keeper,
            holder,
            owner: user.map(str::to_owned),
            path,
            folder,
        })
    }

    /// Where it is, for PostgreSQL, which takes any path as it is, and for looking from outside.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a program finds it that [`PrivateDisk::entering`] starts.
    pub fn path_inside(&self) -> &Path {
        self.folder.path()
    }

    /// The words that start a program where the disk is mounted.
    pub fn entering(&self) -> Vec<String> {
        let target = self.holder.to_string();
        let words = [
            "nsenter",
            "--target",
            &target,
            "--user",
            "--mount",
            "--preserve-credentials",
            "--",
        ];
        words.map(str::to_owned).to_vec()
    }

    /// Fills the disk to the last byte.
    pub fn fill(&self) {
        // Ends where there is no more room.
        let _ = self.shell("cat /dev/zero > ballast");
    }

    /// Makes room again.
    pub fn make_room(&self) {
        assert!(self.shell("rm ballast"));
    }

    /// Runs a command of its owner there.
    fn shell(&self, command: &str) -> bool {
        let words = self
            .owner
            .as_deref()
            .map_or(Vec::new(), |user| vec!["runuser", "-u", user, "--"]);
        let mut words = words.into_iter().chain(["sh", "-c"]);
        Command::new(words.next().unwrap())
            .args(words)
            .arg(format!("cd '{}' && {command}", self.path.display()))
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}

impl Drop for PrivateDisk {
    fn drop(&mut self) {
        let _ = Command::new("sh")
            .args(["-c", &format!("kill {}", self.holder)])
            .status();
        let _ = self.keeper.wait();
    }
}
