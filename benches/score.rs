//! `innogauge score` with 1,000 runs of uncertainty over 51 units and 49 indicators, against the same in numpy: whole
//! processes, in turns in the same run.
//!
//! Not divan: what counts is the ratio of two programs. The peer is `benches/peers/uncertainty_numpy.py`, which also writes
//! the input; a Python that has numpy is found by `scripts/with_numpy.sh`.

#![allow(clippy::unwrap_used, reason = "a bench of what can't be scored is no bench")]

#[path = "peers/turns.rs"]
mod turns;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use turns::{median, timed};

const RUNS: usize = 11;
const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/uncertainty_numpy.py");

fn main() {
    let Some(python) = std::env::var_os("INNOGAUGE_BENCH_NUMPY") else {
        println!("score: not measured: run it by scripts/with_numpy.sh");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let peer = |what: &str| timed(Command::new(&python).args([PEER, what]).arg(folder.path()));
    peer("write");
    let ours = || score(folder.path());
    ours();
    let mut own = Vec::new();
    let (mut once, mut each) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        own.push(ours());
        once.push(peer("run"));
        each.push(peer("replay"));
    }
    let own = median(&mut own);
    println!("score: 1,000 runs over 51 units and 49 indicators, medians of {RUNS} whole processes in turns");
    println!("  innogauge score                            {own:>10.2?}");
    for (what, other) in [
        ("numpy, every run treated and scaled anew", median(&mut each)),
        ("numpy, each combination of them once", median(&mut once)),
    ] {
        println!(
            "  {what:<42} {other:>10.2?}, ratio {:.1}",
            other.as_secs_f64() / own.as_secs_f64()
        );
    }
}

fn score(folder: &Path) -> Duration {
    timed(
        Command::new(env!("CARGO_BIN_EXE_innogauge"))
            .arg("score")
            .args([folder.join("framework.yaml"), folder.join("table.csv")])
            .arg("--options")
            .arg(folder.join("options.yaml"))
            .arg("--out")
            .arg(folder.join("result.json")),
    )
}
