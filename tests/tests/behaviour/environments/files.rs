//! Files that are missing, cannot be read, or are something else.

use super::row::Row;

pub(super) fn rows() -> Vec<Row> {
    [shared(), homes(), bundles()].into_iter().flatten().collect()
}

/// The shared files.
fn shared() -> Vec<Row> {
    #[cfg_attr(windows, allow(unused_mut))]
    let mut rows = vec![
        Row::new("files that are named and not there")
            .keys()
            .set("AWS_CONFIG_FILE", "{home}/c")
            .set("AWS_SHARED_CREDENTIALS_FILE", "{home}/d")
            .told("config file {home}/c (not found) AWS_CONFIG_FILE")
            .told("credentials file {home}/d (not found) AWS_SHARED_CREDENTIALS_FILE"),
        Row::new("files that are named")
            .set("AWS_CONFIG_FILE", "{home}/c")
            .set("AWS_SHARED_CREDENTIALS_FILE", "~/d")
            .without("AWS_REGION")
            .file("c", "[default]\nregion = eu-west-1\n")
            .file("d", "[default]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = planted\n")
            .goes("GetCallerIdentity https://sts.eu-west-1.amazonaws.com/ AKIDPROFILE eu-west-1")
            .told("credentials file {home}/d AWS_SHARED_CREDENTIALS_FILE"),
        Row::new("empty files").keys().config("").credentials("").told("profile default (not there) default"),
        Row::new("files with a byte order mark and windows line ends")
            .without("AWS_REGION")
            .keys()
            .config("\u{feff}[default]\r\nregion = eu-west-1\r\n")
            .goes("GetCallerIdentity https://sts.eu-west-1.amazonaws.com/ AKIDENVIRON eu-west-1"),
        Row::new("a config file that is a directory")
            .keys()
            .directory(".aws/config")
            .told("config file {home}/.aws/config (not read: it is a directory and not a file) default"),
        Row::new("a config file that is named and a directory")
            .keys()
            .set("AWS_CONFIG_FILE", "{home}")
            .refused("the file {home} cannot be read (it is a directory and not a file); {mend it}"),
        Row::new("a credentials file that is a directory").keys().directory(".aws/credentials").told(
            "credentials file {home}/.aws/credentials (not read: it is a directory and not a file) default",
        ),
        Row::new("a credentials file that is named and a directory")
            .keys()
            .set("AWS_SHARED_CREDENTIALS_FILE", "{home}")
            .refused("the file {home} cannot be read (it is a directory and not a file); {mend it}"),
        Row::new("a config file that is too large")
            .keys()
            .large(".aws/config", (1 << 20) + 1)
            .told("config file {home}/.aws/config (not read: it is larger than 1 MiB) default"),
        Row::new("a config file that is just not too large").keys().large(".aws/config", 1 << 20),
        Row::new("a credentials file that is named and too large")
            .keys()
            .large("d", (1 << 20) + 1)
            .set("AWS_SHARED_CREDENTIALS_FILE", "{home}/d")
            .refused("the file {home}/d cannot be read (it is larger than 1 MiB); {mend it}"),
        Row::new("a config file below a file")
            .keys()
            .file("f", "")
            .set("AWS_CONFIG_FILE", "{home}/f/config")
            .told("config file {home}/f/config (not found) AWS_CONFIG_FILE"),
        Row::new("a config file that is not utf-8")
            .keys()
            .file(".aws/config", b"[default]\nregion = planted\xff\n".as_slice())
            .refused("the file {home}/.aws/config cannot be understood at line 2: it is not valid utf-8"),
        Row::new("a credentials file that is not utf-8")
            .keys()
            .file(".aws/credentials", b"\xff\xfe[".as_slice())
            .refused(
                "the file {home}/.aws/credentials cannot be understood at line 1: it is not valid utf-8",
            ),
        Row::new("bad files for an isolated client")
            .isolated()
            .directory(".aws/config")
            .set("AWS_PROFILE", "gone")
            .code(|setup| setup.region("us-east-1").credentials(super::code::given()))
            .goes("GetCallerIdentity https://sts.us-east-1.amazonaws.com/ AKIDGIVEN us-east-1"),
    ];
    #[cfg(unix)]
    if !may_read_everything() {
        rows.push(Row::new("a config file that may not be read").keys().mode(".aws/config", 0o000).refused(
            "the file {home}/.aws/config cannot be read (permission denied); mend it, or name \
             another with AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE",
        ));
    }
    #[cfg(unix)]
    rows.push(
        Row::new("a config file that is a device")
            .keys()
            .set("AWS_CONFIG_FILE", "/dev/null")
            .told("config file /dev/null AWS_CONFIG_FILE"),
    );
    rows
}

/// Home directories.
fn homes() -> Vec<Row> {
    vec![
        Row::new("no HOME")
            .keys()
            .without("HOME")
            .without("USERPROFILE")
            .told("config file none, since the home directory is not known default"),
        Row::new("no HOME and no credentials")
            .without("HOME")
            .fails("{nowhere}, AWS_EC2_METADATA_DISABLED is true)"),
        Row::new("a blank HOME").keys().set("HOME", " "),
        Row::new("a HOME that is no directory")
            .keys()
            .set("HOME", "/dev/null")
            .told("config file /dev/null/.aws/config (not found) default"),
        Row::new("a HOME that is not there")
            .keys()
            .set("HOME", "/nowhere")
            .told("config file /nowhere/.aws/config (not found) default"),
        Row::new("a HOME with a slash at its end")
            .keys()
            .set("HOME", "{home}/")
            .config("[default]\nregion = eu-west-1\n")
            .without("AWS_REGION")
            .goes("GetCallerIdentity https://sts.eu-west-1.amazonaws.com/ AKIDENVIRON eu-west-1")
            .told("config file {home}/.aws/config default"),
        Row::new("a tilde without HOME")
            .keys()
            .without("HOME")
            .set("AWS_CONFIG_FILE", "~/config")
            .told("config file ~/config (not found) AWS_CONFIG_FILE"),
    ]
}

/// Bundles of root certificates. Only a client with a transport of its own reads them.
fn bundles() -> Vec<Row> {
    vec![
        Row::new("a bundle that a transport of the program passes over")
            .keys()
            .set("AWS_CA_BUNDLE", "/nowhere")
            .told("ca bundle as the client's own transport has it set in code"),
        Row::new("a bundle that is not there")
            .keys()
            .real()
            .set("AWS_CA_BUNDLE", "{home}/roots.pem")
            .refused(
                "the ca bundle {home}/roots.pem (AWS_CA_BUNDLE) cannot be read (no such file); mend it, \
                 or name another",
            ),
        Row::new("a bundle of a profile that is not there")
            .keys()
            .real()
            .config("[default]\nca_bundle = {home}/roots.pem\n")
            .refused(
                "the ca bundle {home}/roots.pem (profile default, ca_bundle ({home}/.aws/config line 2)) \
                 cannot be read (no such file); mend it, or name another",
            ),
        Row::new("a bundle that is empty")
            .keys()
            .real()
            .set("AWS_CA_BUNDLE", "{home}/roots.pem")
            .file("roots.pem", "")
            .refused(
                "the ca bundle {home}/roots.pem (AWS_CA_BUNDLE) holds no certificate, or a damaged one; \
                 it has to be pem",
            ),
        Row::new("a bundle that is garbage")
            .keys()
            .real()
            .set("AWS_CA_BUNDLE", "{home}/roots.pem")
            .file("roots.pem", "planted")
            .refused(
                "the ca bundle {home}/roots.pem (AWS_CA_BUNDLE) holds no certificate, or a damaged one; \
                 it has to be pem",
            ),
        Row::new("a bundle that is damaged")
            .keys()
            .real()
            .set("AWS_CA_BUNDLE", "{home}/roots.pem")
            .file("roots.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
            .refused(
                "the ca bundle {home}/roots.pem (AWS_CA_BUNDLE) holds no certificate, or a damaged one; \
                 it has to be pem",
            ),
        Row::new("a bundle that is a directory").keys().real().set("AWS_CA_BUNDLE", "{home}").refused(
            "the ca bundle {home} (AWS_CA_BUNDLE) cannot be read (it is a directory and not a file); \
             mend it, or name another",
        ),
        Row::new("a bundle that is too large")
            .keys()
            .real()
            .set("AWS_CA_BUNDLE", "{home}/roots.pem")
            .large("roots.pem", (1 << 20) + 1)
            .refused(
                "the ca bundle {home}/roots.pem (AWS_CA_BUNDLE) cannot be read (it is larger than 1 MiB); \
                 mend it, or name another",
            ),
        Row::new("a bundle in code beside a bad one")
            .keys()
            .real()
            .set("AWS_CA_BUNDLE", "{home}/roots.pem")
            .set("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
            .set("AWS_MAX_ATTEMPTS", "1")
            .code(|setup| {
                setup.ca_bundle(include_str!("../../../../sts-blocking/src/transport/tls/testdata/ca.pem"))
            })
            .fails(
                "GetCallerIdentity got no answer from 127.0.0.1:1: the connection was refused; check host \
                 and port, and that the server runs",
            )
            .told("ca bundle given set in code"),
        Row::new("garbage for a bundle in code")
            .keys()
            .real()
            .code(|setup| setup.ca_bundle("planted"))
            .refused("the ca bundle (set in code) holds no certificate, or a damaged one; it has to be pem"),
        Row::new("garbage for more roots").keys().real().code(|setup| setup.extra_roots("planted")).refused(
            "the extra roots (set in code) hold no certificate, or a damaged one; they have to be pem",
        ),
        Row::new("garbage for a client certificate")
            .keys()
            .real()
            .code(|setup| setup.client_certificate("planted", "planted"))
            .refused(
                "the client certificate cannot be used: give a chain and the private key of its first \
                 certificate, both in pem",
            ),
        Row::new("nothing listens")
            .keys()
            .real()
            .set("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
            .set("AWS_MAX_ATTEMPTS", "1")
            .fails(
                "GetCallerIdentity got no answer from 127.0.0.1:1: the connection was refused; check host \
                 and port, and that the server runs",
            ),
    ]
}

#[cfg(unix)]
fn may_read_everything() -> bool {
    use std::os::unix::fs::PermissionsExt;
    let home = sts_tests::home::Home::in_memory();
    let path = home.write("locked", "");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).expect("it is this user's");
    std::fs::read(path).is_ok()
}
