//! Where vectors are.

use std::path::{Path, PathBuf};

/// The folder with the vectors of this name: `$STS_VECTORS/<name>`, else the copy in this package, else
/// `../shared/vectors/<name>` beside the project. The error says where it was looked for.
pub(crate) fn folder(name: &str) -> Result<PathBuf, String> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = package.parent().expect("the package has a folder of its own");
    let named = std::env::var_os("STS_VECTORS").filter(|place| !place.is_empty()).map(|place| {
        // Cargo starts tests in the package's folder; a relative place is below the project's.
        let place = project.join(place);
        assert!(place.is_dir(), "STS_VECTORS names no folder: {}", place.display());
        place
    });
    let places = named.into_iter().chain([package.join("vectors"), project.join("../shared/vectors")]);
    let places: Vec<PathBuf> = places.map(|place| place.join(name)).collect();
    places.iter().find(|place| place.is_dir()).cloned().ok_or_else(|| format!("no folder of {places:?}"))
}

/// All files below a folder whose name passes, in the order of their paths.
pub(crate) fn files(folder: &Path, passes: &dyn Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in entries(folder) {
        if path.is_dir() {
            found.extend(files(&path, passes));
        } else if path.file_name().and_then(|name| name.to_str()).is_some_and(passes) {
            found.push(path);
        }
    }
    found
}

/// All folders below a folder that hold a file of this name, and are not within another one that does.
pub(crate) fn folders_with(folder: &Path, file: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in entries(folder).into_iter().filter(|path| path.is_dir()) {
        if path.join(file).is_file() {
            found.push(path);
        } else {
            found.extend(folders_with(&path, file));
        }
    }
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// The path from a folder to something below it, with slashes.
pub(crate) fn below(folder: &Path, path: &Path) -> String {
    let path = path.strip_prefix(folder).unwrap_or(path);
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
