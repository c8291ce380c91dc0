//! Sources beside keys and roles: web identities, programs, logins.

use super::row::Row;

pub(super) fn rows() -> Vec<Row> {
    const WEB: &str =
        "[default]\nrole_arn = arn:aws:iam::1:role/dev\nweb_identity_token_file = {home}/token\n";
    const SSO: &str = "[default]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = dev\n[sso-session corp]\n\
                       sso_region = us-west-2\n\
                       sso_start_url = https://corp.awsapps.com/start\n";
    vec![
        Row::new("a web identity of a profile")
            .config(WEB)
            .file("token", "planted")
            .goes_by(&["AssumeRoleWithWebIdentity https://sts.us-east-1.amazonaws.com/", AS_DEV]),
        Row::new("a web identity of a profile without its file").config(WEB).fails(
            "no credentials from profile default: the role arn:aws:iam::1:role/dev cannot be assumed: \
             the token file {home}/token does not exist; check its path and the program that writes \
             it",
        ),
        Row::new("a web identity of a profile without a role")
            .config("[default]\nweb_identity_token_file = {home}/token\n")
            .fails("no credentials from profile default: it has web_identity_token_file without role_arn ({home}/.aws/config line 2); set both or neither"),
        Row::new("a web identity of the environment")
            .file("token", "planted")
            .set("AWS_WEB_IDENTITY_TOKEN_FILE", "{home}/token")
            .set("AWS_ROLE_ARN", "arn:aws:iam::1:role/dev")
            .goes_by(&["AssumeRoleWithWebIdentity https://sts.us-east-1.amazonaws.com/", AS_DEV]),
        Row::new("a web identity of the environment without its file")
            .set("AWS_WEB_IDENTITY_TOKEN_FILE", "{home}/token")
            .set("AWS_ROLE_ARN", "arn:aws:iam::1:role/dev")
            .fails(
                "no credentials from web identity: the role arn:aws:iam::1:role/dev cannot be assumed: \
                 the token file {home}/token does not exist; check its path and the program that writes \
                 it",
            ),
        Row::new("a web identity of the environment without a role")
            .set("AWS_WEB_IDENTITY_TOKEN_FILE", "{home}/token")
            .fails(
                "no credentials from web identity: AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is \
                 not",
            ),
        Row::new("a web identity whose file is a directory")
            .directory("token")
            .set("AWS_WEB_IDENTITY_TOKEN_FILE", "{home}/token")
            .set("AWS_ROLE_ARN", "arn:aws:iam::1:role/dev")
            .fails(
                "no credentials from web identity: the role arn:aws:iam::1:role/dev cannot be assumed: \
                 the token file {home}/token cannot be read; check that it is a file, and its permissions",
            ),
        Row::new("a role of the environment without a token")
            .set("AWS_ROLE_ARN", "arn:aws:iam::1:role/dev")
            .fails("{nowhere}, AWS_EC2_METADATA_DISABLED is true)"),
        Row::new("a program")
            .config(
                "[default]\ncredential_process = echo \
                 '{\"Version\":1,\"AccessKeyId\":\"AKIDPROGRAM\",\"SecretAccessKey\":\"planted\"}'\n",
            )
            .goes("GetCallerIdentity https://sts.us-east-1.amazonaws.com/ AKIDPROGRAM us-east-1"),
        Row::new("a program with a comment sign between quotation marks")
            .config(
                "[default]\ncredential_process = echo \
                 '{\"Version\":1,\"AccessKeyId\":\"AKIDPROGRAM\",\"SecretAccessKey\":\"planted # ; x\"}' # it's one\n",
            )
            .goes("GetCallerIdentity https://sts.us-east-1.amazonaws.com/ AKIDPROGRAM us-east-1"),
        Row::new("a program that fails")
            .config("[default]\ncredential_process = sh -c 'echo planted; exit 7'\n")
            .fails(
                "no credentials from profile default: credential_process: the program ended with status \
                 7; run it by hand to see why",
            ),
        Row::new("a program that says why it fails")
            .config("[default]\ncredential_process = sh {home}/tool --profile dev --pin planted-pin\n")
            .file(
                "tool",
                "echo planted; yes planted | head -c 3000000 >&2; echo >&2\n\
                 printf '\\033[1mcannot use %s, run tool login --profile %s\\033[0m\\n\\n' \"$4\" \"$2\" >&2; exit 1\n",
            )
            .fails(
                "no credentials from profile default: credential_process: the program ended with status 1 and \
                 wrote \"cannot use [redacted] run tool login --profile dev\" to standard error; run it by hand to \
                 see why",
            ),
        Row::new("a program that says why it prints nothing")
            .config("[default]\ncredential_process = sh {home}/tool\n")
            .file("tool", "echo 'run tool login' >&2\n")
            .fails(
                "no credentials from profile default: credential_process: the program printed nothing and \
                 wrote \"run tool login\" to standard error; it has to print json with Version 1",
            ),
        Row::new("a program that says something and succeeds")
            .config("[default]\ncredential_process = sh {home}/tool\n")
            .file(
                "tool",
                "yes planted | head -c 3000000 >&2\n\
                 echo '{\"Version\":1,\"AccessKeyId\":\"AKIDPROGRAM\",\"SecretAccessKey\":\"planted\"}'\n",
            )
            .goes("GetCallerIdentity https://sts.us-east-1.amazonaws.com/ AKIDPROGRAM us-east-1"),
        Row::new("a program that is not there")
            .config("[default]\ncredential_process = /no/such/program --key planted\n")
            .fails(
                "no credentials from profile default: credential_process: the program cannot be run (no \
                 such file or directory); check that it exists and may be executed",
            ),
        Row::new("a program that prints nothing").config("[default]\ncredential_process = true\n").fails(
            "no credentials from profile default: credential_process: the program printed nothing; it \
             has to print json with Version 1",
        ),
        Row::new("a program that prints what is no json")
            .config("[default]\ncredential_process = echo planted\n")
            .fails(
                "no credentials from profile default: credential_process: what the program printed cannot \
                 be used: it is not json (line 1, column 1)",
            ),
        Row::new("a program of another version")
            .config("[default]\ncredential_process = echo '{\"Version\":2}'\n")
            .fails(
                "no credentials from profile default: credential_process: the program printed json of \
                 version 2, not 1",
            ),
        Row::new("a program with an open quotation")
            .config("[default]\ncredential_process = echo 'planted\n")
            .fails(
                "no credentials from profile default: credential_process: its command line cannot be \
                 read: the quotation mark ' is never closed",
            ),
        Row::new("a login").config(SSO).file(LOGIN_FILE, LOGIN).goes_by(&[
            "GET https://portal.sso.us-west-2.amazonaws.com/federation/credentials",
            "GetCallerIdentity https://sts.us-east-1.amazonaws.com/ ASIAPORTAL us-east-1",
        ]),
        Row::new("no login").config(SSO).fails(
            "no credentials from profile default: there is no login, \
             {home}/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json does not exist; run \
             `aws sso login --sso-session corp`",
        ),
        Row::new("a login that is over").config(SSO).file(LOGIN_FILE, OLD_LOGIN).fails(
            "no credentials from profile default: the login in \
             {home}/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json has expired and cannot be \
             renewed, refreshToken is missing; run `aws sso login --sso-session corp`",
        ),
        Row::new("a login of the console").config(CONSOLE).file(CONSOLE_FILE, CONSOLE_LOGIN).goes(
            "GetCallerIdentity https://sts.us-east-1.amazonaws.com/ ASIACONSOLE us-east-1",
        ),
        Row::new("no login of the console").config(CONSOLE).fails(
            "no credentials from profile default: there is no login, \
             {home}/.aws/login/cache/617a42bf0cc7e52ae16d10443f260d451c255a489505091810c95d5c7ec927d1.json does \
             not exist; run `aws login`",
        ),
        Row::new("a login of the console that is damaged").config(CONSOLE).file(CONSOLE_FILE, "planted").fails(
            "no credentials from profile default: the login in \
             {home}/.aws/login/cache/617a42bf0cc7e52ae16d10443f260d451c255a489505091810c95d5c7ec927d1.json cannot \
             be used, it is not json (line 1, column 1); run `aws login`",
        ),
        Row::new("a login whose session is not there")
            .config("[default]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = dev\n")
            .fails(
                "no credentials from profile default: sso: there is no section [sso-session corp], which \
                 profile default, sso_session ({home}/.aws/config line 2) names; write one, or run `aws \
                 configure sso`",
            ),
        Row::new("a login without a role")
            .config(
                "[default]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = us-west-2\n\
                 sso_account_id = 1\n",
            )
            .fails(
                "no credentials from profile default: sso: profile default has no sso_role_name; set it, \
                 or run `aws configure sso`",
            ),
        Row::new("no login where there is no home")
            .config(SSO)
            .set("AWS_CONFIG_FILE", "{home}/.aws/config")
            .without("HOME")
            .fails(
                "no credentials from profile default: sso: the login is in .aws/sso/cache of the home \
                 directory, and HOME is not set",
            ),
    ]
}

const AS_DEV: &str = "GetCallerIdentity https://sts.us-east-1.amazonaws.com/ ASIADEV us-east-1";
/// The name is the SHA-1 of `corp`.
const LOGIN_FILE: &str = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
const CONSOLE: &str = "[default]\nlogin_session = arn:aws:iam::111122223333:user/ann\n";
const CONSOLE_FILE: &str =
    ".aws/login/cache/617a42bf0cc7e52ae16d10443f260d451c255a489505091810c95d5c7ec927d1.json";
const CONSOLE_LOGIN: &str = r#"{"accessToken":{"accessKeyId":"ASIACONSOLE","secretAccessKey":"planted-s","sessionToken":"planted-t",
    "expiresAt":"2080-10-16T03:56:45Z"},"refreshToken":"planted-r","clientId":"planted-c","dpopKey":"planted-k"}"#;
const LOGIN: &str = r#"{"accessToken":"planted-a","expiresAt":"2080-10-16T03:56:45Z"}"#;
const OLD_LOGIN: &str = r#"{"accessToken":"planted-a","expiresAt":"2020-10-16T03:56:45Z"}"#;
