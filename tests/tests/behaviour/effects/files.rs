//! Files.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sts_proto::wire::MAX_BODY;
use sts_proto::{Effect, Event, TransportErrorKind as Kind};
use sts_tests::home::Home;

use super::{cause, drivers, kind};

#[test]
fn are_read_within_the_bound_and_nothing_else_is() {
    let home = Home::new();
    for driver in drivers() {
        let file = home.write("token", "abc");
        match driver.perform(Effect::Read(file.clone())) {
            Event::Contents(Some(contents)) => assert_eq!(contents, "abc", "{driver}"),
            event => panic!("{driver}: {event:?}"),
        }
        for (size, fits) in
            [(0, true), (10_000, true), (MAX_BODY, true), (MAX_BODY + 1, false), (MAX_BODY + 2, false)]
        {
            fs::write(&file, vec![b'x'; size]).unwrap();
            match driver.perform(Effect::Read(file.clone())) {
                Event::Contents(Some(contents)) => {
                    assert!(fits && contents.len() == size, "{driver}, {size}")
                }
                event => {
                    assert!(!fits && kind(&event) == Some(Kind::TooLarge), "{driver}: {event:?}");
                    assert_eq!(cause(&event), of(&file, "it is larger than 1 MiB"), "{driver}");
                }
            }
        }
        for absent in [home.path("nothing"), file.join("below")] {
            let event = driver.perform(Effect::Read(absent));
            assert!(matches!(event, Event::Contents(None)), "{driver}: {event:?}");
        }
        let folder = driver.perform(Effect::Read(home.path("")));
        assert_eq!(kind(&folder), Some(Kind::Other), "{driver}");
        assert_eq!(cause(&folder), of(&home.path(""), "it is a directory and not a file"), "{driver}");
    }
}

#[test]
fn that_are_replaced_meanwhile_are_whole_or_empty() {
    for driver in drivers() {
        let home = Home::new();
        let tokens = [vec![b'a'; 1000], vec![b'b'; 3000]];
        let file = home.write("token", &tokens[0]);
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for token in tokens.iter().cycle().take(400) {
                    fs::write(&file, token).unwrap();
                    std::thread::sleep(Duration::from_millis(1));
                }
                over.store(true, Ordering::SeqCst);
            });
            while !over.load(Ordering::SeqCst) {
                let event = driver.perform(Effect::Read(file.clone()));
                let Event::Contents(Some(read)) = event else { panic!("{driver}: {event:?}") };
                let whole = read.is_empty() || tokens.iter().any(|token| *token == read);
                assert!(whole, "{driver}: {} bytes, the last {:?}", read.len(), read.last());
            }
        });
    }
}

#[test]
fn are_replaced_as_a_whole_and_for_their_owner_alone() {
    let home = Home::new();
    for driver in drivers() {
        let file = home.path(&format!("{driver}/cache/login.json"));
        let replace = |text: &str| driver.perform(Effect::Replace(file.clone(), text.into()));
        for text in ["abc", "", "defg"] {
            let event = replace(text);
            assert!(matches!(event, Event::Replaced), "{driver}: {event:?}");
            assert_eq!(fs::read_to_string(&file).unwrap(), text, "{driver}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(matches!(replace("abc"), Event::Replaced), "{driver}");
            assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700), "{driver}");
            // A link is replaced, and what it leads to is left alone.
            let (link, target) = (home.path(&format!("{driver}/link")), home.write("target", "old"));
            std::os::unix::fs::symlink(&target, &link).unwrap();
            assert!(matches!(driver.perform(Effect::Replace(link.clone(), "new".into())), Event::Replaced));
            assert_eq!(fs::read_to_string(&target).unwrap(), "old", "{driver}");
        }
        // What a program left behind that crashed is not in the way, and nothing else is left.
        let name = format!(".login.json.{}-0.tmp", std::process::id());
        fs::write(file.with_file_name(&name), "half").unwrap();
        assert!(matches!(replace("abc"), Event::Replaced), "{driver}");
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 2, "{driver}");

        let below = file.join("below");
        let event = driver.perform(Effect::Replace(below.clone(), "x".into()));
        assert_eq!(kind(&event), Some(Kind::Other), "{driver}: {event:?}");
        assert!(cause(&event).starts_with(&format!("{}: ", below.display())), "{driver}: {event:?}");
        let folder = driver.perform(Effect::Replace(file.parent().unwrap().to_owned(), "x".into()));
        assert_eq!(kind(&folder), Some(Kind::Other), "{driver}: {folder:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "abc", "{driver}");
    }
}

#[test]
#[cfg_attr(windows, ignore = "Wine 8 does not replace a file that is open")]
fn that_are_replaced_at_once_are_one_or_the_other() {
    let home = Home::new();
    let file = home.path("login.json");
    let texts = ["a".repeat(5000), "b".repeat(9000)];
    std::thread::scope(|scope| {
        for driver in drivers().into_iter().chain(drivers()) {
            let (file, texts) = (&file, &texts);
            scope.spawn(move || {
                for text in texts.iter().cycle().take(50) {
                    let event = driver.perform(Effect::Replace(file.clone(), text.as_str().into()));
                    assert!(matches!(event, Event::Replaced), "{driver}: {event:?}");
                    let Event::Contents(Some(read)) = driver.perform(Effect::Read(file.clone())) else {
                        panic!("{driver}: it is not there")
                    };
                    assert!(texts.iter().any(|text| *text == read), "{driver}: {} bytes", read.len());
                }
            });
        }
    });
    let left: Vec<_> = fs::read_dir(home.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[cfg(unix)]
#[test]
fn that_may_keep_a_reader_waiting_are_refused() {
    let home = Home::new();
    let (pipe, socket) = (home.path("pipe"), home.path("socket"));
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for driver in drivers() {
        let words = |path: &Path| cause(&driver.perform(Effect::Read(path.to_owned())));
        assert_eq!(words(&pipe), of(&pipe, "it is a named pipe and not a file"), "{driver}");
        assert_eq!(words(&socket), of(&socket, "it is a socket and not a file"), "{driver}");
        let zero = Path::new("/dev/zero");
        assert_eq!(words(zero), of(zero, "it is larger than 1 MiB"), "{driver}");
        match driver.perform(Effect::Read("/dev/null".into())) {
            Event::Contents(Some(contents)) => assert!(contents.is_empty(), "{driver}"),
            event => panic!("{driver}: {event:?}"),
        }
    }
}

/// Its size is not known before it is read.
#[cfg(target_os = "linux")]
#[test]
fn of_the_system_are_read_to_their_end() {
    let path = Path::new("/proc/self/environ");
    for driver in drivers() {
        match driver.perform(Effect::Read(path.to_owned())) {
            Event::Contents(Some(contents)) => assert_eq!(contents, fs::read(path).unwrap(), "{driver}"),
            event => panic!("{driver}: {event:?}"),
        }
    }
}

#[cfg(unix)]
#[test]
fn that_the_system_refuses_are_named_by_the_error() {
    let home = Home::new();
    let link = home.path("link");
    std::os::unix::fs::symlink(&link, &link).unwrap();
    for driver in drivers() {
        let event = driver.perform(Effect::Read(link.clone()));
        assert_eq!(cause(&event), of(&link, "too many levels of symbolic links"), "{driver}");
    }
}

/// What an error says about a file.
fn of(path: &Path, problem: &str) -> String {
    format!("{}: {problem}", path.display())
}
