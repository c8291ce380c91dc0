//! How both drivers read and replace files, said once.

/// `read` and `replace`, which perform [`Effect::Read`](crate::flow::Effect::Read) and
/// [`Effect::Replace`](crate::flow::Effect::Replace) for a caller that may wait for a disk. The driver depends on `libc`, and
/// names the modules of files, threads and so on, since the core has none.
#[doc(hidden)]
#[macro_export]
macro_rules! common_file_calls {
    ($($fs:ident)::*, $($io:ident)::*, $($process:ident)::*, $($thread:ident)::*) => {
        use $($fs)::*::{DirBuilder, File, Metadata};
        use $($io)::*::{ErrorKind, Read as _, Result, Write as _};
        use $crate::perform::{FileKind, Obstacle, ReadFile, ReplaceFile, Replacing, Seen};

        pub(crate) fn read(path: &::std::path::Path) -> $crate::Event {
            let mut reading = ReadFile::new(path);
            loop {
                if let Err(error) = read_once(path, &mut reading) {
                    let absent = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
                    return reading.failed(absent, &error);
                }
                if let Some(event) = reading.event() {
                    return event;
                }
            }
        }

        fn read_once(path: &::std::path::Path, reading: &mut ReadFile<'_>) -> Result<()> {
            if !reading.may_open(seen(&path.metadata()?)) {
                return Ok(());
            }
            let mut file = open(path)?;
            if !reading.may_read(seen(&file.metadata()?)) {
                return Ok(());
            }
            loop {
                match file.read(reading.room()) {
                    Ok(count) if reading.filled(count) => {}
                    Ok(_) => break,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            reading.read(seen(&file.metadata()?));
            Ok(())
        }

        /// Does not wait for a writer, if the file has become a named pipe meanwhile.
        fn open(path: &::std::path::Path) -> Result<File> {
            let mut options = File::options();
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
            options.read(true).open(path)
        }

        fn seen(metadata: &Metadata) -> Seen {
            #[cfg(unix)]
            let kind = FileKind::of_unix_mode(std::os::unix::fs::MetadataExt::mode(metadata));
            #[cfg(not(unix))]
            let kind = match (metadata.is_file(), metadata.is_dir()) {
                (true, _) => FileKind::File,
                (_, true) => FileKind::Directory,
                _ => FileKind::Other,
            };
            Seen { kind, size: metadata.len(), changed: metadata.modified().ok() }
        }

        pub(crate) fn replace(path: &::std::path::Path, contents: &$crate::Secret) -> $crate::Event {
            let mut replacing = ReplaceFile::new(path, contents, $($process)::*::id());
            loop {
                let outcome = match replacing.step() {
                    Replacing::Over(event) => return event,
                    Replacing::Create(new, contents) => create(new, contents),
                    Replacing::MakeFolder(folder) => make_folder(folder),
                    Replacing::Rename(new, old) => $($fs)::*::rename(new, old),
                    Replacing::Remove(new) => $($fs)::*::remove_file(new),
                    Replacing::Pause(time) => {
                        $($thread)::*::sleep(time);
                        Ok(())
                    }
                };
                match outcome.map_err(|error| (error.kind(), error)) {
                    Ok(()) => replacing.done(),
                    Err((ErrorKind::NotFound, error)) => replacing.failed(Obstacle::Missing, &error),
                    Err((ErrorKind::AlreadyExists, error)) => replacing.failed(Obstacle::Exists, &error),
                    Err((_, error)) => replacing.failed(Obstacle::Other, &error),
                }
            }
        }

        /// A file that only its owner may read, stored when this returns.
        fn create(path: &::std::path::Path, contents: &[u8]) -> Result<()> {
            let mut options = File::options();
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.create_new(true).write(true).open(path)?;
            file.write_all(contents).and_then(|()| file.sync_all())
        }

        fn make_folder(path: &::std::path::Path) -> Result<()> {
            let mut builder = DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.recursive(true).create(path)
        }
    };
}
