//! The files in `deploy/`, as far as they can be looked at without what they are for.

use std::path::{Path, PathBuf};

/// What the first stage of the image has of the project.
fn copied(dockerfile: &str) -> Vec<PathBuf> {
    let build = dockerfile.split("\nFROM ").nth(1).unwrap();
    build
        .lines()
        .filter_map(|line| line.strip_prefix("COPY "))
        .flat_map(|line| {
            let mut files: Vec<&str> = line.split_whitespace().collect();
            files.pop();
            files.into_iter().map(PathBuf::from).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn the_image_is_built_from_all_that_the_program_is_made_of() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let copied = copied(&std::fs::read_to_string(root.join("deploy/Dockerfile")).unwrap());
    // The list of its sources, which cargo writes beside the program.
    let list = Path::new(env!("CARGO_BIN_EXE_innogauge")).with_extension("d");
    let list = std::fs::read_to_string(list).unwrap();
    let (_, sources) = list.split_once(": ").unwrap();
    let sources: Vec<&Path> = sources
        .split_whitespace()
        .filter_map(|source| Path::new(source).strip_prefix(root).ok())
        .filter(|source| !source.starts_with("target"))
        .collect();
    assert!(sources.len() > 100, "these are not all: {sources:?}");
    for source in sources
        .into_iter()
        .chain(["Cargo.toml", "Cargo.lock", ".cargo/config.toml", "build.rs"].map(Path::new))
    {
        assert!(
            copied.iter().any(|part| source.starts_with(part)),
            "{} is needed and not copied into the image",
            source.display()
        );
    }
}
