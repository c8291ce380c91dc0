//! Profiles: which one is used, and where its credentials come from.

use super::row::Row;

pub(super) fn rows() -> Vec<Row> {
    [which(), keys(), roles(), mfa()].into_iter().flatten().collect()
}

/// Which profile, and whether it is there.
fn which() -> Vec<Row> {
    vec![
        Row::new("no profile at all")
            .fails("{nowhere}, AWS_EC2_METADATA_DISABLED is true)")
            .told("profile default (not there) default")
            .told("config file {home}/.aws/config (not found) default"),
        Row::new("the profile default without a word")
            .config("[default]\nregion = eu-west-1\n")
            .without("AWS_REGION")
            .keys()
            .goes("GetCallerIdentity https://sts.eu-west-1.amazonaws.com/ AKIDENVIRON eu-west-1")
            .told("profile default default")
            .told("region eu-west-1 profile default, region ({home}/.aws/config line 2)"),
        Row::new("a default profile by either name")
            .config("[profile default]\nregion = eu-west-1\n[default]\nregion = eu-west-2\n")
            .without("AWS_REGION")
            .keys()
            .goes("GetCallerIdentity https://sts.eu-west-1.amazonaws.com/ AKIDENVIRON eu-west-1"),
        Row::new("AWS_PROFILE with blanks around it")
            .set("AWS_PROFILE", " dev ")
            .config("[profile dev]\nregion = eu-west-1\n")
            .without("AWS_REGION")
            .credentials("[dev]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = planted\n")
            .goes("GetCallerIdentity https://sts.eu-west-1.amazonaws.com/ AKIDPROFILE eu-west-1")
            .told("profile dev AWS_PROFILE"),
        Row::new("a blank AWS_PROFILE").set("AWS_PROFILE", " ").keys(),
        Row::new("AWS_DEFAULT_PROFILE is not read, which is told")
            .set("AWS_DEFAULT_PROFILE", "gone")
            .keys()
            .told("profile default (not there) default")
            .told("not read name the profile in AWS_PROFILE AWS_DEFAULT_PROFILE"),
        Row::new("AWS_PROFILE names no profile")
            .set("AWS_PROFILE", "gone")
            .config("[default]\n")
            .keys()
            .refused(
                "there is no profile \"gone\" (named by AWS_PROFILE); looked in {home}/.aws/config and \
                 {home}/.aws/credentials; add it there ([profile gone] in the config file), or name \
                 another",
            ),
        Row::new("AWS_PROFILE names no profile and there is no home")
            .set("AWS_PROFILE", "gone")
            .without("HOME")
            .keys()
            .refused(
                "there is no profile \"gone\" (named by AWS_PROFILE); looked in no file, since the home \
                 directory is not known; set HOME",
            ),
        Row::new("code names no profile").code(|setup| setup.profile("gone")).keys().refused(
            "there is no profile \"gone\" (named by the program); looked in {home}/.aws/config and \
             {home}/.aws/credentials; add it there ([profile gone] in the config file), or name \
             another",
        ),
        Row::new("code names a profile beside AWS_PROFILE")
            .set("AWS_PROFILE", "gone")
            .code(|setup| setup.profile("dev"))
            .config("[profile dev]\n")
            .credentials("[dev]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = planted\n")
            .keys()
            .goes(PROFILE_KEYS)
            .told("profile dev set in code")
            .told("environment not configured, skipped, since the program names profile dev"),
        Row::new("a quoted name")
            .set("AWS_PROFILE", "My Profile")
            .config("[profile 'My Profile']\nregion = eu-west-1\n")
            .without("AWS_REGION")
            .keys()
            .goes("GetCallerIdentity https://sts.eu-west-1.amazonaws.com/ AKIDENVIRON eu-west-1"),
        Row::new("a section of the config file without the word profile")
            .set("AWS_PROFILE", "dev")
            .config("[dev]\nregion = eu-west-1\n")
            .keys()
            .refused(
                "there is no profile \"dev\" (named by AWS_PROFILE); looked in {home}/.aws/config and \
                 {home}/.aws/credentials; the section [dev] ({home}/.aws/config line 1) has to be \
                 [profile dev]",
            ),
        Row::new("a profile of another letter case")
            .set("AWS_PROFILE", "DEV")
            .config("[profile dev]\n")
            .keys()
            .refused(
                "there is no profile \"DEV\" (named by AWS_PROFILE); looked in {home}/.aws/config and \
                 {home}/.aws/credentials; add it there ([profile DEV] in the config file), or name \
                 another",
            ),
        Row::new("keys of properties in capitals")
            .config("[default]\nREGION = eu-west-1\n")
            .without("AWS_REGION")
            .keys()
            .goes("GetCallerIdentity https://sts.eu-west-1.amazonaws.com/ AKIDENVIRON eu-west-1"),
        Row::new("a line before the first section").config("region = eu-west-1\n").keys().refused(
            "the file {home}/.aws/config cannot be understood at line 1: it is before the first \
             section; write [default] or [profile name] above it",
        ),
        Row::new("a header without its end")
            .config("[default\nregion = eu-west-1\n")
            .keys()
            .refused("the file {home}/.aws/config cannot be understood at line 1: a section must end with ]"),
        Row::new("a line that is no property").config("[default]\nregion\n").keys().refused(
            "the file {home}/.aws/config cannot be understood at line 2: it has no equals sign; write \
             key = value",
        ),
    ]
}

/// Keys in profiles and in the environment.
fn keys() -> Vec<Row> {
    vec![
        Row::new("keys in a profile")
            .credentials("[default]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = planted\n")
            .goes(PROFILE_KEYS)
            .told("profile default used, keys: access key …FILE"),
        Row::new("keys in a profile and in the environment")
            .credentials("[default]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = planted\n")
            .keys()
            .told("profile default not asked"),
        Row::new("keys of the credentials file go before those of the config file")
            .credentials("[default]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = planted\n")
            .config("[default]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = planted\n")
            .goes(PROFILE_KEYS),
        Row::new("an id without a secret").config("[default]\naws_access_key_id = AKIDPROFILE\n").fails(
            "no credentials from profile default: it has aws_access_key_id without \
             aws_secret_access_key ({home}/.aws/config line 2); set both or neither",
        ),
        Row::new("a secret without an id").config("[default]\naws_secret_access_key = planted\n").fails(
            "no credentials from profile default: it has aws_secret_access_key without \
             aws_access_key_id ({home}/.aws/config line 2); set both or neither",
        ),
        Row::new("half keys in each file")
            .credentials("[default]\naws_secret_access_key = planted\n")
            .config("[default]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = planted\n")
            .fails(
                "no credentials from profile default: it has aws_secret_access_key without \
                 aws_access_key_id ({home}/.aws/credentials line 2); set both or neither",
            ),
        Row::new("a key behind export")
            .config("[default]\nregion = us-east-1\nexport AWS_ACCESS_KEY_ID=planted\n")
            .refused(
                "the file {home}/.aws/config cannot be understood at line 3: its key is not the name alone; write \
                 key = value, without export and quotation marks",
            ),
        Row::new("half keys of a profile that is not asked")
            .config("[default]\naws_access_key_id = AKIDPROFILE\n")
            .keys(),
        Row::new("half keys in the environment")
            .set("AWS_ACCESS_KEY_ID", "AKIDENVIRON")
            .credentials("[default]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = planted\n")
            .fails(
                "no credentials from environment: the environment variable AWS_ACCESS_KEY_ID is set and \
                 AWS_SECRET_ACCESS_KEY is not; set both or neither",
            ),
        Row::new("a secret alone in the environment").set("AWS_SECRET_ACCESS_KEY", "planted").fails(
            "no credentials from environment: the environment variable AWS_SECRET_ACCESS_KEY is set \
             and AWS_ACCESS_KEY_ID is not; set both or neither",
        ),
        Row::new("blank keys in the environment")
            .set("AWS_ACCESS_KEY_ID", "")
            .set("AWS_SECRET_ACCESS_KEY", " ")
            .fails("{nowhere}, AWS_EC2_METADATA_DISABLED is true)"),
        Row::new("an expiration that is none").keys().set("AWS_CREDENTIAL_EXPIRATION", "tomorrow").fails(
            "no credentials from environment: the environment variable AWS_CREDENTIAL_EXPIRATION has \
             to be a date and time such as 2030-01-31T12:00:00Z",
        ),
        Row::new("an expiration in the past")
            .keys()
            .set("AWS_CREDENTIAL_EXPIRATION", "2020-01-31T12:00:00Z")
            .fails(
                "no credentials from environment: its credentials expired N s ago; get new ones, or set \
                 this machine's clock right",
            ),
        Row::new("keys with a line break inside").keys().set("AWS_SESSION_TOKEN", "planted\nplanted").fails(
            "the request cannot be signed: session token holds a character that no header can carry, \
             such as a line break: check it for a copying mistake",
        ),
    ]
}

/// Roles, and what they are assumed with.
fn roles() -> Vec<Row> {
    vec![
        Row::new("a role by a source profile")
            .config(
                "[default]\nrole_arn = arn:aws:iam::1:role/dev\nsource_profile = base\n[profile base]\n\
                 aws_access_key_id = AKIDBASE\naws_secret_access_key = planted\n",
            )
            .goes_by(&[DEV_BY_BASE, AS_DEV]),
        Row::new("a chain of two roles")
            .config(
                "[default]\nrole_arn = arn:aws:iam::1:role/dev\nsource_profile = mid\n[profile mid]\n\
                 role_arn = arn:aws:iam::1:role/mid\nsource_profile = base\n\
                 [profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = planted\n",
            )
            .goes_by(&[
                DEV_BY_BASE,
                "AssumeRole https://sts.us-east-1.amazonaws.com/ ASIAMID us-east-1",
                AS_DEV,
            ]),
        Row::new("a role that is its own source")
            .config(
                "[default]\nrole_arn = arn:aws:iam::1:role/dev\nsource_profile = default\n\
                 aws_access_key_id = AKIDBASE\naws_secret_access_key = planted\n",
            )
            .goes_by(&[DEV_BY_BASE, AS_DEV]),
        Row::new("a role that is its own source without keys")
            .config("[default]\nrole_arn = arn:aws:iam::1:role/dev\nsource_profile = default\n")
            .fails(
                "no credentials from profile default: it is its own source_profile ({home}/.aws/config line 3) and \
                 configures no other credentials",
            ),
        Row::new("a circle of two profiles")
            .config(
                "[default]\nrole_arn = arn:aws:iam::1:role/dev\nsource_profile = b\n[profile b]\n\
                 role_arn = arn:aws:iam::1:role/b\nsource_profile = default\n",
            )
            .fails(
                "no credentials from profile default: source_profile ({home}/.aws/config line 6) leads in a circle: \
                 default to b to default",
            ),
        Row::new("a source profile that is not there")
            .config("[default]\nrole_arn = arn:aws:iam::1:role/dev\nsource_profile = gone\n")
            .fails(
                "no credentials from profile default: its source_profile gone ({home}/.aws/config line 3) is in none of \
                 the shared files",
            ),
        Row::new("a source profile without credentials")
            .config(
                "[default]\nrole_arn = arn:aws:iam::1:role/dev\nsource_profile = b\n[profile b]\nregion \
                 = eu-west-1\n",
            )
            .fails(
                "no credentials from profile default: profile b: it is a source_profile and configures no \
                 credentials",
            ),
        Row::new("a source profile with half a key pair")
            .config(
                "[default]\nrole_arn = arn:aws:iam::1:role/dev\nsource_profile = b\n[profile b]\n\
                 aws_access_key_id = AKIDBASE\n",
            )
            .fails(
                "no credentials from profile default: profile b: it has aws_access_key_id without \
                 aws_secret_access_key ({home}/.aws/config line 5); set both or neither",
            ),
        Row::new("a role without a source").config("[default]\nrole_arn = arn:aws:iam::1:role/dev\n").fails(
            "no credentials from profile default: it has role_arn without source_profile, \
             credential_source or web_identity_token_file ({home}/.aws/config line 2); set one of them, or \
             remove role_arn",
        ),
        Row::new("both sources")
            .config(
                "[default]\nrole_arn = arn:aws:iam::1:role/dev\nsource_profile = b\ncredential_source = \
                 Environment\n",
            )
            .fails(
                "no credentials from profile default: it has both source_profile and credential_source; \
                 remove one of them",
            ),
        Row::new("a role by the environment, without keys there")
            .config("[default]\nrole_arn = arn:aws:iam::1:role/dev\ncredential_source = Environment\n")
            .fails(
                "no credentials from profile default: its credential_source Environment is not \
                 configured: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
            ),
        Row::new("a role by the environment")
            .set("AWS_PROFILE", "dev")
            .code(|setup| setup.profile("dev"))
            .config("[profile dev]\nrole_arn = arn:aws:iam::1:role/dev\ncredential_source = Environment\n")
            .keys()
            .goes_by(&[DEV_BY_ENVIRONMENT, AS_DEV]),
        Row::new("a role by a container that is none")
            .config("[default]\nrole_arn = arn:aws:iam::1:role/dev\ncredential_source = EcsContainer\n")
            .fails(
                "no credentials from profile default: its credential_source EcsContainer is not \
                 configured: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and \
                 AWS_CONTAINER_CREDENTIALS_FULL_URI are not set",
            ),
        Row::new("a role by a container")
            .set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/keys")
            .config("[default]\nrole_arn = arn:aws:iam::1:role/dev\ncredential_source = EcsContainer\n")
            .goes_by(&[
                "GET http://169.254.170.2/v2/keys",
                "AssumeRole https://sts.us-east-1.amazonaws.com/ ASIACONTAINER us-east-1",
                AS_DEV,
            ]),
        Row::new("a role by an instance whose metadata is off")
            .config(
                "[default]\nrole_arn = arn:aws:iam::1:role/dev\ncredential_source = Ec2InstanceMetadata\n",
            )
            .fails(
                "no credentials from profile default: its credential_source Ec2InstanceMetadata is not \
                 configured: it is switched off",
            ),
        Row::new("a credential_source that does not exist")
            .config("[default]\nrole_arn = arn:aws:iam::1:role/dev\ncredential_source = environment\n")
            .fails(
                "no credentials from profile default: its credential_source ({home}/.aws/config line 3) has to be \
                 Environment, EcsContainer or Ec2InstanceMetadata",
            ),
        Row::new("a duration that is no number")
            .config(
                "[default]\nrole_arn = arn:aws:iam::1:role/dev\nsource_profile = default\n\
                 aws_access_key_id = AKIDBASE\naws_secret_access_key = planted\nduration_seconds = 1h\n",
            )
            .fails(
                "no credentials from profile default: its duration_seconds ({home}/.aws/config line 6) is not a whole \
                 number; write seconds, for example 3600",
            ),
        Row::new("half a key pair in the credentials file").credentials("[default]\naws_secret_access_key = planted\n").fails(
            "no credentials from profile default: it has aws_secret_access_key without aws_access_key_id \
             ({home}/.aws/credentials line 2); set both or neither",
        ),
    ]
}

/// Roles that want a code of an MFA device.
fn mfa() -> Vec<Row> {
    vec![
        Row::new("a role with mfa and a code")
            .config(MFA)
            .code(|setup| setup.mfa_code(|serial| Some(serial.len().to_string().repeat(3).into())))
            .goes_by(&[DEV_BY_BASE, AS_DEV]),
        Row::new("a role with mfa and a code with blanks")
            .config(MFA)
            .code(|setup| setup.mfa_code(|_| Some(" 123456\n".into())))
            .goes_by(&[DEV_BY_BASE, AS_DEV]),
        Row::new("a role with mfa and no way to ask").config(MFA).fails(
            "no credentials from profile default: the role arn:aws:iam::1:role/dev cannot be assumed: \
             the role needs the code of the mfa device arn:aws:iam::1:mfa/me: the client has no way \
             to ask for it; set mfa_code when building the client",
        ),
        Row::new("a role with mfa and no answer").config(MFA).code(|setup| setup.mfa_code(|_| None)).fails(
            "no credentials from profile default: the role arn:aws:iam::1:role/dev cannot be assumed: \
             the role needs the code of the mfa device arn:aws:iam::1:mfa/me: no code was given; \
             mfa_code has to answer with the current one",
        ),
        Row::new("a role with mfa and an empty code")
            .config(MFA)
            .code(|setup| setup.mfa_code(|_| Some("".into())))
            .fails(
                "no credentials from profile default: the role arn:aws:iam::1:role/dev cannot be assumed: \
                 the role needs the code of the mfa device arn:aws:iam::1:mfa/me: no code was given; \
                 mfa_code has to answer with the current one",
            ),
        Row::new("a role with mfa and a blank code")
            .config(MFA)
            .code(|setup| setup.mfa_code(|_| Some(" \n".into())))
            .fails(
                "no credentials from profile default: the role arn:aws:iam::1:role/dev cannot be assumed: \
                 the role needs the code of the mfa device arn:aws:iam::1:mfa/me: no code was given; \
                 mfa_code has to answer with the current one",
            ),
        Row::new("a role with mfa and a code that is no code")
            .config(MFA)
            .code(|setup| setup.mfa_code(|_| Some("planted".into())))
            .goes_by(&[DEV_BY_BASE, AS_DEV]),
        Row::new("a role with mfa whose keys are in the environment").config(MFA).keys(),
    ]
}

const MFA: &str = "[default]\nrole_arn = arn:aws:iam::1:role/dev\nsource_profile = base\n\
                   mfa_serial = arn:aws:iam::1:mfa/me\n\
                   [profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = planted\n";
const PROFILE_KEYS: &str = "GetCallerIdentity https://sts.us-east-1.amazonaws.com/ AKIDPROFILE us-east-1";
const AS_DEV: &str = "GetCallerIdentity https://sts.us-east-1.amazonaws.com/ ASIADEV us-east-1";
const DEV_BY_BASE: &str = "AssumeRole https://sts.us-east-1.amazonaws.com/ AKIDBASE us-east-1";
const DEV_BY_ENVIRONMENT: &str = "AssumeRole https://sts.us-east-1.amazonaws.com/ AKIDENVIRON us-east-1";
