//! The files in `deploy/`, as far as they can be looked at without what they are for.

use std::fs;
use std::path::{Component, Path, PathBuf};

use regex::Regex;

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

/// Every source below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// A path without its steps back.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, component| {
        if component == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(component);
        }
        plain
    })
}

#[test]
fn the_image_is_built_from_all_that_the_program_is_made_of() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let copied = copied(&fs::read_to_string(root.join("deploy/Dockerfile")).unwrap());
    let mut needed: Vec<PathBuf> = [
        "Cargo.toml",
        "Cargo.lock",
        ".cargo/config.toml",
        "build.rs",
        "migrations",
    ]
    .into_iter()
    .map(PathBuf::from)
    .collect();
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    // Cargo reads no manifest that names a bench which is not there.
    let benches = manifest.split("[[bench]]\nname = \"").skip(1);
    needed.extend(benches.map(|bench| format!("benches/{}.rs", bench.split('"').next().unwrap()).into()));

    let mut own = Vec::new();
    sources(&root.join("src"), &mut own);
    let held = Regex::new(r#"include_(?:str|bytes)!\(\s*"([^"]+)"\s*\)"#).unwrap();
    for source in own {
        for file in held.captures_iter(&fs::read_to_string(&source).unwrap()) {
            let file = plain(&source.parent().unwrap().join(&file[1]));
            needed.push(file.strip_prefix(root).unwrap().to_owned());
        }
        needed.push(source.strip_prefix(root).unwrap().to_owned());
    }
    assert!(
        needed.contains(&"docs/api-changelog.md".into()),
        "these are not all: {needed:?}"
    );
    for file in needed {
        assert!(
            copied.iter().any(|part| file.starts_with(part)),
            "{} is needed and not copied into the image",
            file.display()
        );
    }
}
