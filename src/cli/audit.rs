//! `innogauge audit`: reads the audit log, writes it to a file, and finds out whether it was tampered with.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Subcommand};
use serde_json::json;

use super::output::say;
use super::{DatabaseOptions, Failure, database};
use crate::store::{AuditEntry, AuditFilter, Store};

#[derive(Debug, Args)]
pub struct Audit {
    #[command(subcommand)]
    act: Act,
    #[command(flatten)]
    database: DatabaseOptions,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Walk the whole log; exit 1 where an entry was changed, removed or inserted
    Verify {
        /// The hash that an earlier run printed: it must still be there, so that a cut-off end is found too
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
    /// Print the newest entries
    List {
        #[command(flatten)]
        which: Which,
        /// How many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..))]
        limit: i64,
    },
    /// Write all entries to a file, the oldest first: a JSON document per line, or a table where it ends in .csv
    Export {
        #[command(flatten)]
        which: Which,
        /// OUT.jsonl or OUT.csv
        out: PathBuf,
    },
}

#[derive(Debug, Args)]
struct Which {
    /// Of this user
    #[arg(long, value_name = "USER")]
    who: Option<String>,
    /// Of this act, as response.state; `response` takes all acts on responses
    #[arg(long, value_name = "ACT")]
    what: Option<String>,
    /// On this target or anything below it, as rounds/2026
    #[arg(long)]
    target: Option<String>,
    /// At this time or later: 2026-03-01 or 2026-03-01T09:00:00+08:00
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<DateTime<Utc>>,
    /// Before this time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    to: Option<DateTime<Utc>>,
}

/// A moment with its offset, or the beginning of a day in UTC.
fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(moment) = text.parse::<DateTime<Utc>>() {
        return Ok(moment);
    }
    text.parse::<NaiveDate>()
        .ok()
        .and_then(|day| day.and_hms_opt(0, 0, 0))
        .map(|moment| moment.and_utc())
        .ok_or_else(|| "write a day as 2026-03-01 or a moment as 2026-03-01T09:00:00+08:00".to_owned())
}

impl Which {
    fn filter(&self) -> AuditFilter {
        AuditFilter {
            actor: self.who.clone(),
            act: self.what.clone(),
            target: self.target.clone(),
            from: self.from,
            to: self.to,
        }
    }
}

pub fn run(arguments: &Audit) -> Result<(), Failure> {
    // Nothing is taken in from the definitions: looking at the log is not to add to it.
    let store = database::open_as_it_is(&arguments.database)?;
    match &arguments.act {
        Act::Verify { head } => verify(&store, head.as_deref()),
        Act::List { which, limit } => {
            for entry in store.audit_entries(&which.filter(), None, *limit)? {
                say!("{}", line(&entry));
            }
            Ok(())
        }
        Act::Export { which, out } => export(&store, &which.filter(), out),
    }
}

fn verify(store: &Store, noted: Option<&str>) -> Result<(), Failure> {
    let check = store.verify_audit(noted)?;
    match &check.head {
        Some(head) => say!(
            "{} entries, the newest is {} with hash\n{}",
            check.entries,
            head.id,
            head.hash
        ),
        None => say!("no entries"),
    }
    if check.is_whole() {
        return Ok(());
    }
    let mut lines: Vec<String> = check.faults.iter().map(ToString::to_string).collect();
    if check.found > lines.len() {
        lines.push(format!("and {} more", check.found - lines.len()));
    }
    Err(Failure::Input(lines.join("\n")))
}

/// An entry as a line for people.
fn line(entry: &AuditEntry) -> String {
    let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
    format!(
        "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{} -> {}",
        entry.id,
        entry.at.format("%Y-%m-%dT%H:%M:%SZ"),
        or_dash(entry.actor.as_deref()),
        entry.door,
        or_dash(entry.address.as_deref()),
        entry.act,
        entry.target,
        or_dash(entry.before.as_deref()),
        or_dash(entry.after.as_deref())
    )
}

const COLUMNS: [&str; 11] = [
    "id", "at", "act", "actor", "door", "address", "target", "before", "after", "previous", "hash",
];

fn export(store: &Store, filter: &AuditFilter, out: &Path) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| Failure::System(format!("cannot write {}: {error}", out.display()));
    let table = match out.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => true,
        Some("jsonl") => false,
        _ => {
            return Err(Failure::Input(format!(
                "{}: the name ends in .jsonl or .csv",
                out.display()
            )));
        }
    };
    let mut file = BufWriter::new(std::fs::File::create(out).map_err(cannot)?);
    if table {
        writeln!(file, "{}", COLUMNS.join(",")).map_err(cannot)?;
    }
    let (mut after, mut count) = (0, 0_u64);
    loop {
        let entries = store.audit_entries_after(filter, after)?;
        let Some(last) = entries.last() else { break };
        after = last.id;
        count += entries.len() as u64;
        for entry in &entries {
            if table {
                write_row(&mut file, entry).map_err(cannot)?;
            } else {
                writeln!(file, "{}", document(entry)).map_err(cannot)?;
            }
        }
    }
    file.flush().map_err(cannot)?;
    say!("{count} entries written to {}", out.display());
    Ok(())
}

fn document(entry: &AuditEntry) -> serde_json::Value {
    json!({
        "id": entry.id, "at": entry.at, "act": entry.act, "actor": entry.actor, "door": entry.door,
        "address": entry.address, "target": entry.target, "before": entry.before, "after": entry.after,
        "previous": entry.previous, "hash": entry.hash,
    })
}

fn write_row(file: &mut impl Write, entry: &AuditEntry) -> std::io::Result<()> {
    let (id, at) = (entry.id.to_string(), entry.at.to_rfc3339());
    let mut row = csv::Writer::from_writer(Vec::new());
    row.write_record([
        id.as_str(),
        &at,
        &entry.act,
        entry.actor.as_deref().unwrap_or_default(),
        &entry.door,
        entry.address.as_deref().unwrap_or_default(),
        &entry.target,
        entry.before.as_deref().unwrap_or_default(),
        entry.after.as_deref().unwrap_or_default(),
        &entry.previous,
        &entry.hash,
    ])?;
    file.write_all(&row.into_inner().map_err(csv::IntoInnerError::into_error)?)
}
