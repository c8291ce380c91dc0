//! The system calls that read and replace files.

sts_proto::common_file_calls!(std::fs, std::io, std::process, std::thread);

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    #[test]
    fn opening_a_named_pipe_does_not_wait_for_a_writer() {
        use super::*;

        let pipe = std::env::temp_dir().join(format!("sts-blocking-pipe-{}", std::process::id()));
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let kind = open(&pipe).and_then(|file| file.metadata()).map(|metadata| seen(&metadata).kind);
        std::fs::remove_file(&pipe).unwrap();
        assert_eq!(kind.unwrap(), FileKind::NamedPipe);
    }
}
