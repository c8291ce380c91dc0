//! Which identity a configuration leads to, through both clients: the keys that the AWS CLI would use, or an error that names
//! the place. Never the keys of another section, another source, or the base of a role.

use std::fs;
use std::path::Path;

use sts_tests::driver::{Driver, Setup};
use sts_tests::home::{Home, slashed};

struct Row {
    name: &'static str,
    config: &'static str,
    credentials: &'static str,
    /// `{home}` stands for the home directory.
    variables: &'static [(&'static str, &'static str)],
    /// Puts something else in place of files.
    prepare: fn(&Path),
    expected: Expected,
    /// What `explain()` says.
    told: &'static [&'static str],
}

enum Expected {
    /// The access key id.
    Keys(&'static str),
    /// Words of the error.
    Error(&'static [&'static str]),
}
use Expected::{Error, Keys};

const ROWS: &[Row] = &[
    // Sections of which one could be taken for a part of another.
    Row {
        name: "an indented header behind a property, asked for the first",
        credentials: INDENTED_HEADER,
        variables: &[("AWS_PROFILE", "a")],
        expected: Error(&["{home}/.aws/credentials", "line 4", "[", "without blanks"]),
        ..ROW
    },
    Row {
        name: "an indented header behind a property, asked for the second",
        credentials: INDENTED_HEADER,
        variables: &[("AWS_PROFILE", "b")],
        expected: Error(&["{home}/.aws/credentials", "line 4"]),
        ..ROW
    },
    Row {
        name: "an indented header behind a property, asked for another",
        credentials: "[a]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n\t[b]\n\
                      aws_access_key_id = AKIDB\naws_secret_access_key = planted\n[c]\n\
                      aws_access_key_id = AKIDC\naws_secret_access_key = planted\n",
        variables: &[("AWS_PROFILE", "c")],
        expected: Keys("AKIDC"),
        told: &["not understood", "{home}/.aws/credentials line 4"],
        ..ROW
    },
    Row {
        name: "an indented header behind a property that hides the default profile",
        credentials: "[a]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n [default]\n\
                      aws_access_key_id = AKIDB\naws_secret_access_key = planted\n",
        expected: Error(&["{home}/.aws/credentials", "line 4"]),
        ..ROW
    },
    Row {
        name: "a header without its end, asked for the one above",
        credentials: OPEN_HEADER,
        variables: &[("AWS_PROFILE", "a")],
        expected: Keys("AKIDA"),
        told: &["not understood", "profile b ({home}/.aws/credentials line 4)", "end with ]"],
        ..ROW
    },
    Row {
        name: "a header without its end, asked for that",
        credentials: OPEN_HEADER,
        variables: &[("AWS_PROFILE", "b")],
        expected: Error(&["{home}/.aws/credentials", "line 4", "end with ]"]),
        ..ROW
    },
    Row {
        name: "a header without its end that hides the default profile",
        credentials: "[a]\nx = y\n[default\naws_access_key_id = AKIDB\naws_secret_access_key = planted\n",
        variables: &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{nowhere}")],
        expected: Error(&["{home}/.aws/credentials", "line 3", "end with ]"]),
        ..ROW
    },
    Row {
        name: "a file that is indented as a whole",
        credentials: "  [a]\n  aws_access_key_id = AKIDA\n  aws_secret_access_key = planted\n\
                      \x20 [b]\n  aws_access_key_id = AKIDB\n  aws_secret_access_key = planted\n",
        variables: &[("AWS_PROFILE", "a")],
        expected: Keys("AKIDA"),
        ..ROW
    },
    Row {
        name: "an indented header right below another",
        credentials: "[a]\n [b]\naws_access_key_id = AKIDB\naws_secret_access_key = planted\n",
        variables: &[("AWS_PROFILE", "a"), ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{nowhere}")],
        // As the AWS CLI has it: the profile is there and holds no keys.
        expected: Error(&["container"]),
        ..ROW
    },
    Row {
        name: "lines that end with a carriage return alone",
        credentials: "[a]\raws_access_key_id = AKIDA\raws_secret_access_key = planted\r[b]\rx = y\r",
        variables: &[("AWS_PROFILE", "a")],
        expected: Keys("AKIDA"),
        ..ROW
    },
    Row {
        name: "a secret that goes on in the next line",
        credentials: "[a]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n  aws_session_token = planted\n",
        variables: &[("AWS_PROFILE", "a")],
        expected: Error(&[
            "profile a",
            "aws_secret_access_key",
            "{home}/.aws/credentials line 3",
            "more than one line",
        ]),
        ..ROW
    },
    Row {
        name: "keys that are a part of the setting above",
        config: "[default]\noutput = json\n  aws_access_key_id = AKIDA\n  aws_secret_access_key = planted\n",
        variables: &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{nowhere}")],
        expected: Error(&["{home}/.aws/config", "line 3", "indented"]),
        ..ROW
    },
    Row {
        name: "two default profiles, of which the one without the word has the keys",
        config: "[profile default]\nregion = x\n[default]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        variables: &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{nowhere}")],
        expected: Error(&["{home}/.aws/config", "line 4", "[profile default]"]),
        ..ROW
    },
    Row {
        name: "a role that is a part of its source",
        config: "[default]\nsource_profile = b\n  role_arn = arn:aws:iam::1:role/a\naws_access_key_id = AKIDA\n\
                 aws_secret_access_key = planted\n",
        expected: Error(&["{home}/.aws/config", "line 3", "indented"]),
        ..ROW
    },
    Row {
        name: "another profile with keys that are a part of the setting above",
        config: "[profile b]\nregion = x\n  role_arn: arn:aws:iam::1:role/a\n",
        variables: ENVIRONMENT,
        expected: Keys("AKIDENV"),
        told: &["not understood", "profile b ({home}/.aws/config line 3)"],
        ..ROW
    },
    Row {
        name: "a colon in place of the equals sign of a token",
        credentials: "[a]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\naws_session_token: planted==\n",
        variables: &[("AWS_PROFILE", "a")],
        expected: Error(&["{home}/.aws/credentials", "line 4", "colon"]),
        ..ROW
    },
    Row {
        name: "keys of one file with the token of the other",
        config: "[profile a]\naws_access_key_id = AKIDOLD\naws_secret_access_key = planted\naws_session_token = planted\n",
        credentials: "[a]\naws_access_key_id = AKIDA\n",
        variables: &[("AWS_PROFILE", "a")],
        expected: Error(&["profile a", "aws_access_key_id without aws_secret_access_key"]),
        ..ROW
    },
    Row {
        name: "a header that is a comment, and the keys below it",
        credentials: "[a]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n#[b]\n\
                      aws_access_key_id = AKIDB\naws_secret_access_key = planted\n",
        variables: &[("AWS_PROFILE", "a")],
        expected: Error(&["{home}/.aws/credentials", "line 5", "twice"]),
        ..ROW
    },
    // Logins that are not there.
    Row {
        name: "a login session",
        config: "[profile u]\nlogin_session = arn:aws:iam::111122223333:user/ann\n",
        variables: &[("AWS_PROFILE", "u"), ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{nowhere}")],
        expected: Error(&[
            "profile u",
            "no login",
            "{home}/.aws/login/cache/617a42bf",
            "`aws login --profile u`",
        ]),
        ..ROW
    },
    Row {
        name: "a login session of the default profile",
        config: "[default]\nlogin_session = arn:aws:iam::111122223333:user/ann\n",
        variables: &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{nowhere}")],
        expected: Error(&["profile default", "no login", "run `aws login`"]),
        ..ROW
    },
    Row {
        name: "a login session as the source of a role",
        config: "[default]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = u\n[profile u]\nlogin_session = x\n",
        expected: Error(&["no login", "{home}/.aws/login/cache/", "`aws login --profile u`"]),
        ..ROW
    },
    Row {
        name: "a login session behind keys",
        config: "[default]\nlogin_session = x\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        expected: Keys("AKIDA"),
        ..ROW
    },
    Row {
        name: "keys in the environment before a login session",
        config: "[default]\nlogin_session = x\n",
        variables: ENVIRONMENT,
        expected: Keys("AKIDENV"),
        ..ROW
    },
    // Names.
    Row {
        name: "a name in quotes",
        config: "[profile 'My Profile']\nregion = eu-west-1\n",
        credentials: "[My Profile]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        variables: &[("AWS_PROFILE", "My Profile")],
        expected: Keys("AKIDA"),
        ..ROW
    },
    Row {
        name: "a name as the AWS CLI quotes an apostrophe",
        config: "[profile 'Ann'\"'\"'s keys']\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        variables: &[("AWS_PROFILE", "Ann's keys")],
        expected: Keys("AKIDA"),
        ..ROW
    },
    Row {
        name: "a name in quotes with brackets, signs of comments and letters of any script",
        config: "[profile \"ключ [x] #1; (prod)\"] # [mine]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        variables: &[("AWS_PROFILE", "ключ [x] #1; (prod)")],
        expected: Keys("AKIDA"),
        ..ROW
    },
    Row {
        name: "parentheses in a name of the credentials file",
        credentials: "[acme (prod)]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        variables: &[("AWS_PROFILE", "acme (prod)")],
        expected: Keys("AKIDA"),
        ..ROW
    },
    Row {
        name: "brackets in a name of the credentials file",
        credentials: "[acme [prod] # 1]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        variables: &[("AWS_PROFILE", "acme [prod] # 1")],
        expected: Keys("AKIDA"),
        ..ROW
    },
    Row {
        name: "text behind a header",
        credentials: "[a] mine\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        variables: &[("AWS_PROFILE", "a")],
        expected: Keys("AKIDA"),
        ..ROW
    },
    Row {
        name: "a name with blanks that is not in quotes",
        config: "[profile acme (prod)]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        variables: &[("AWS_PROFILE", "acme (prod)")],
        expected: Error(&["\"acme (prod)\"", "{home}/.aws/config line 1", "[profile 'acme (prod)']"]),
        ..ROW
    },
    Row {
        name: "an apostrophe in a name that is not in quotes",
        config: "[profile ann's]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        variables: &[("AWS_PROFILE", "ann's")],
        expected: Error(&["\"ann's\"", "{home}/.aws/config line 1", "[profile \"ann's\"]"]),
        ..ROW
    },
    Row {
        name: "a profile of the config file without the word",
        config: "[x]\n[custom]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        variables: &[("AWS_PROFILE", "custom")],
        expected: Error(&["\"custom\"", "[custom]", "{home}/.aws/config line 2", "[profile custom]"]),
        ..ROW
    },
    Row {
        name: "a source profile of the config file without the word",
        config: "[default]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = custom\n\
                 [custom]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        expected: Error(&[
            "source_profile custom",
            "[custom]",
            "{home}/.aws/config line 4",
            "[profile custom]",
        ]),
        ..ROW
    },
    Row {
        name: "a profile of the credentials file with the word",
        credentials: "[profile a]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        variables: &[("AWS_PROFILE", "a")],
        expected: Error(&["\"a\"", "[profile a]", "{home}/.aws/credentials line 1", "has to be [a]"]),
        ..ROW
    },
    Row {
        name: "an sso session without the word",
        config: "[default]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n[corp]\nsso_region = us-east-1\n",
        expected: Error(&["[sso-session corp]", "[corp]", "{home}/.aws/config line 5"]),
        ..ROW
    },
    // A role and what stands beside it.
    Row {
        name: "a role with keys and no source",
        config: "[profile op]\nrole_arn = arn:aws:iam::1:role/a\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        variables: &[("AWS_PROFILE", "op")],
        expected: Error(&["profile op", "role_arn without source_profile", "{home}/.aws/config line 2"]),
        ..ROW
    },
    Row {
        name: "a role with keys of the credentials file and no source",
        config: "[profile op]\nrole_arn = arn:aws:iam::1:role/a\n",
        credentials: "[op]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        variables: &[("AWS_PROFILE", "op")],
        expected: Error(&["profile op", "role_arn without source_profile", "{home}/.aws/config line 2"]),
        ..ROW
    },
    Row {
        name: "a role with a program and no source",
        config: "[default]\nrole_arn = arn:aws:iam::1:role/a\ncredential_process = echo planted\n",
        expected: Error(&["profile default", "role_arn without source_profile", "{home}/.aws/config line 2"]),
        ..ROW
    },
    Row {
        name: "a role with a login and no source",
        config: "[default]\nrole_arn = arn:aws:iam::1:role/a\nsso_region = us-east-1\nsso_account_id = 1\n\
                 sso_role_name = r\nsso_start_url = https://x.awsapps.com/start\n",
        expected: Error(&["profile default", "role_arn without source_profile", "{home}/.aws/config line 2"]),
        ..ROW
    },
    Row {
        name: "a role with keys and no source as the source of another",
        config: "[default]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = op\n\
                 [profile op]\nrole_arn = arn:aws:iam::1:role/b\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        expected: Error(&["profile op", "role_arn without source_profile", "{home}/.aws/config line 5"]),
        ..ROW
    },
    Row {
        name: "a blank role beside keys",
        config: "[default]\nrole_arn =\nsource_profile = b\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        expected: Error(&["profile default", "role_arn", "blank", "{home}/.aws/config line 2"]),
        ..ROW
    },
    Row {
        name: "a source without a role",
        config: "[profile op]\nsource_profile = b\n[profile b]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        variables: &[("AWS_PROFILE", "op"), ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{nowhere}")],
        expected: Error(&["profile op", "source_profile without role_arn", "{home}/.aws/config line 2"]),
        ..ROW
    },
    Row {
        name: "half a pair of keys beside a link, as the source of a role",
        config: "[default]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = b\n\
                 [profile b]\nrole_arn = arn:aws:iam::1:role/b\nsource_profile = c\naws_access_key_id = AKIDB\n\
                 [profile c]\naws_access_key_id = AKIDC\naws_secret_access_key = planted\n",
        expected: Error(&["profile b", "aws_access_key_id without aws_secret_access_key"]),
        ..ROW
    },
    Row {
        name: "a blank program",
        config: "[default]\ncredential_process =\n",
        variables: &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{nowhere}")],
        expected: Error(&["profile default", "credential_process", "blank", "{home}/.aws/config line 2"]),
        ..ROW
    },
    // Files that are not needed.
    Row {
        name: "a folder in place of the config file",
        prepare: |home| {
            fs::remove_file(home.join(".aws/config")).unwrap();
            fs::create_dir(home.join(".aws/config")).unwrap();
        },
        variables: ENVIRONMENT,
        expected: Keys("AKIDENV"),
        told: &["{home}/.aws/config (not read: it is a directory"],
        ..ROW
    },
    Row {
        name: "a folder in place of the credentials file",
        config: "[default]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        prepare: |home| {
            fs::remove_file(home.join(".aws/credentials")).unwrap();
            fs::create_dir(home.join(".aws/credentials")).unwrap();
        },
        expected: Keys("AKIDA"),
        told: &["{home}/.aws/credentials (not read: it is a directory"],
        ..ROW
    },
    Row {
        name: "a folder in place of a file, and nothing else",
        prepare: |home| {
            fs::remove_file(home.join(".aws/config")).unwrap();
            fs::create_dir(home.join(".aws/config")).unwrap();
        },
        expected: Error(&["no credentials", "{home}/.aws/config was not read (it is a directory"]),
        ..ROW
    },
    Row {
        name: "a folder in place of a file that holds the profile",
        prepare: |home| {
            fs::remove_file(home.join(".aws/config")).unwrap();
            fs::create_dir(home.join(".aws/config")).unwrap();
        },
        variables: &[("AWS_PROFILE", "a")],
        expected: Error(&["\"a\"", "{home}/.aws/config was not read (it is a directory"]),
        ..ROW
    },
    Row {
        name: "a folder that a variable names",
        variables: &[
            ("AWS_CONFIG_FILE", "{home}/.aws"),
            ("AWS_ACCESS_KEY_ID", "AKIDENV"),
            ("AWS_SECRET_ACCESS_KEY", "planted"),
        ],
        expected: Error(&["{home}/.aws", "cannot be read (it is a directory"]),
        ..ROW
    },
    Row {
        name: "a loop of links",
        prepare: |home| {
            fs::remove_file(home.join(".aws/config")).unwrap();
            #[cfg(unix)]
            std::os::unix::fs::symlink("config", home.join(".aws/config")).unwrap();
        },
        variables: ENVIRONMENT,
        expected: Keys("AKIDENV"),
        ..ROW
    },
    Row {
        name: "a file that is too large",
        prepare: |home| fs::write(home.join(".aws/config"), "# planted\n".repeat(1 << 20)).unwrap(),
        variables: ENVIRONMENT,
        expected: Keys("AKIDENV"),
        told: &["{home}/.aws/config (not read: it is larger than 1 MiB)"],
        ..ROW
    },
    // Faults in parts that are not needed.
    Row {
        name: "another profile with a line that continues nothing",
        config: "[profile other]\n  planted\n",
        variables: ENVIRONMENT,
        expected: Keys("AKIDENV"),
        told: &["not understood", "profile other ({home}/.aws/config line 2)", "equals sign"],
        ..ROW
    },
    Row {
        name: "another profile with an indented line",
        config: "[profile other]\n  region = eu-west-1\n",
        variables: ENVIRONMENT,
        expected: Keys("AKIDENV"),
        ..ROW
    },
    Row {
        name: "another profile with bytes that are no text",
        prepare: |home| {
            let text = b"[profile other]\nnote = \xff\n[default]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n";
            fs::write(home.join(".aws/config"), text).unwrap();
        },
        expected: Keys("AKIDA"),
        told: &["not understood", "profile other ({home}/.aws/config line 2)", "utf-8"],
        ..ROW
    },
    Row {
        name: "the source of a role with a fault",
        config: "[default]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = b\n\
                 [profile b]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\nplanted\n",
        expected: Error(&["source_profile b", "{home}/.aws/config", "line 7", "equals sign"]),
        ..ROW
    },
    Row {
        name: "the chosen profile with a fault",
        config: "[profile a]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\nplanted\n",
        variables: &[("AWS_PROFILE", "a")],
        expected: Error(&["{home}/.aws/config", "line 4", "equals sign"]),
        ..ROW
    },
    Row {
        name: "a line above all sections, where the default profile is chosen",
        config: "planted\n[default]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        expected: Error(&["{home}/.aws/config", "line 1", "before the first section"]),
        ..ROW
    },
    Row {
        name: "a line above all sections, where another profile is chosen",
        config: "planted\n[profile a]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n",
        variables: &[("AWS_PROFILE", "a")],
        expected: Keys("AKIDA"),
        told: &["not understood", "{home}/.aws/config line 1"],
        ..ROW
    },
    Row {
        name: "services and sessions with faults that are not named",
        config: "[default]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n\
                 [services s]\nsts =\n  planted\n[sso-session o]\nplanted\n",
        expected: Keys("AKIDA"),
        told: &["services s ({home}/.aws/config line 6)", "sso-session o ({home}/.aws/config line 8)"],
        ..ROW
    },
    Row {
        name: "services with a fault that are named",
        config: "[default]\nservices = s\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n\
                 [services s]\nsts =\n  planted\n",
        variables: &[("AWS_REGION", "us-east-1")],
        expected: Error(&["{home}/.aws/config", "line 7"]),
        ..ROW
    },
    Row {
        name: "a session with a fault that is named",
        config: "[default]\nsso_session = o\nsso_account_id = 1\nsso_role_name = r\n[sso-session o]\nplanted\n",
        expected: Error(&["sso_session", "{home}/.aws/config", "line 6"]),
        ..ROW
    },
    // Indentation.
    Row {
        name: "keys that are indented",
        credentials: "[default]\n    aws_access_key_id = AKIDA\n    aws_secret_access_key = planted\n",
        expected: Keys("AKIDA"),
        ..ROW
    },
    Row {
        name: "keys that are indented less and less",
        credentials: "[default]\n\t\t# planted\n\t\taws_access_key_id = AKIDA\n\taws_secret_access_key = planted\nx = y\n",
        expected: Keys("AKIDA"),
        ..ROW
    },
    // Answers of programs.
    Row {
        name: "a number as the account id",
        config: "[default]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"AKIDA\",\"SecretAccessKey\":\"planted\",\
                 \"AccountId\":123456789012}'\n",
        expected: Keys("AKIDA"),
        told: &["account 123456789012"],
        ..ROW
    },
    Row {
        name: "optional members of other types",
        config: "[default]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"AKIDA\",\"SecretAccessKey\":\"planted\",\
                 \"AccountId\":{},\"Expiration\":[],\"SessionToken\":false}'\n",
        expected: Keys("AKIDA"),
        ..ROW
    },
    Row {
        name: "an expiration that ends with UTC",
        config: "[default]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"AKIDA\",\"SecretAccessKey\":\"planted\",\
                 \"Expiration\":\"2226-11-26T11:50:42UTC\"}'\n",
        expected: Keys("AKIDA"),
        told: &["valid for "],
        ..ROW
    },
    Row {
        name: "an expiration with blanks",
        config: "[default]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"AKIDA\",\"SecretAccessKey\":\"planted\",\
                 \"Expiration\":\"2226-11-26 11:50:42 UTC\"}'\n",
        expected: Keys("AKIDA"),
        told: &["valid for "],
        ..ROW
    },
    Row {
        name: "an expiration in seconds",
        config: "[default]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"AKIDA\",\"SecretAccessKey\":\"planted\",\
                 \"Expiration\":8107041042}'\n",
        expected: Keys("AKIDA"),
        told: &["valid for "],
        ..ROW
    },
    Row {
        name: "an expiration in the environment that ends with UTC",
        variables: &[
            ("AWS_ACCESS_KEY_ID", "AKIDENV"),
            ("AWS_SECRET_ACCESS_KEY", "planted"),
            ("AWS_CREDENTIAL_EXPIRATION", "2226-11-26T11:50:42UTC"),
        ],
        expected: Keys("AKIDENV"),
        told: &["valid for "],
        ..ROW
    },
    // Regions.
    Row {
        name: "a region in capitals",
        variables: &[
            ("AWS_REGION", "CN-NORTH-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDENV"),
            ("AWS_SECRET_ACCESS_KEY", "planted"),
        ],
        expected: Keys("AKIDENV"),
        told: &["https://sts.cn-north-1.amazonaws.com.cn/"],
        ..ROW
    },
];

#[test]
fn each_configuration_leads_to_its_own_keys_or_to_an_error() {
    let failures: Vec<_> = ROWS
        .iter()
        .filter(|row| cfg!(unix) || !row.config.contains("= echo '"))
        .filter_map(|row| Some(format!("{}: {}", row.name, row.run().err()?)))
        .collect();
    assert!(failures.is_empty(), "{} of {} rows:\n{}", failures.len(), ROWS.len(), failures.join("\n"));
}

/// The user database knows the home directory of a daemon that has no `HOME`.
#[cfg(unix)]
#[test]
fn without_home_the_user_database_is_asked() {
    let mut child = std::process::Command::new(std::env::current_exe().expect("a test has a file"));
    let output = child
        .args(["--exact", "--ignored", "identities::without_home"])
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .expect("a test can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[cfg(unix)]
#[test]
#[ignore = "runs in a process of its own"]
fn without_home() {
    assert_eq!(std::env::var_os("HOME"), None);
    let home = std::env::home_dir().expect("the user database knows this user");
    let blocking = sts_blocking::Client::builder().region("us-east-1").build().expect("sound").explain();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let asynchronous = sts_async::Client::builder().region("us-east-1").build().expect("sound");
    let asynchronous = runtime.block_on(asynchronous.explain());
    for explanation in [blocking, asynchronous] {
        let file =
            explanation.settings.iter().find(|setting| setting.name == "config file").expect("it is listed");
        let path = home.join(".aws").join("config");
        assert!(file.value.starts_with(path.to_str().expect("a plain name")), "{}", file.value);
    }
}

impl Row {
    fn run(&self) -> Result<(), String> {
        let home = Home::with_config(self.config);
        home.write(".aws/credentials", self.credentials);
        (self.prepare)(&home.path(""));
        let root = slashed(home.path("").to_str().unwrap_or_default());
        let fill = |text: &str| text.replace("{home}", &root).replace("{nowhere}", "http://127.0.0.1:1/");
        let mut variables: Vec<_> = self.variables.iter().map(|(name, value)| (*name, fill(value))).collect();
        if !variables.iter().any(|(name, _)| *name == "AWS_REGION") {
            // A role that is assumed all the same is assumed nowhere.
            variables.push(("AWS_ENDPOINT_URL", fill("{nowhere}")));
        }
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let setup = Setup::of_environment(home.variables(&variables));
        let mut outcomes = Vec::new();
        for (name, driver) in [("blocking", setup.blocking()), ("async", setup.asynchronous())] {
            let outcome = self.check(driver, &fill).map_err(|problem| format!("{name}: {problem}"))?;
            outcomes.push(outcome);
        }
        if outcomes[0] == outcomes[1] { Ok(()) } else { Err(format!("the clients differ: {outcomes:?}")) }
    }

    fn check(
        &self,
        driver: Result<Driver, sts_proto::Error>,
        fill: &impl Fn(&str) -> String,
    ) -> Result<String, String> {
        let (outcome, told) = match driver {
            Ok(driver) => (driver.credentials(), slashed(&driver.explain().to_string())),
            Err(error) => (Err(error), String::new()),
        };
        let text = match (&outcome, &self.expected) {
            (Ok(keys), Keys(expected)) if keys.access_key_id == **expected => keys.access_key_id.clone(),
            (Ok(keys), _) => return Err(format!("it has the keys {}", keys.access_key_id)),
            (Err(error), Keys(_)) => return Err(format!("it has no keys: {error}")),
            (Err(error), Error(words)) => {
                let text = slashed(&error.to_string());
                match words.iter().map(|words| fill(words)).find(|words| !text.contains(words.as_str())) {
                    Some(missing) => return Err(format!("{missing:?} is not said: {text}")),
                    None => text,
                }
            }
        };
        if let Some(missing) =
            self.told.iter().map(|words| fill(words)).find(|words| !told.contains(words.as_str()))
        {
            return Err(format!("explain() does not say {missing:?}: {told}"));
        }
        if format!("{text}{outcome:?}{told}").contains("planted") {
            return Err(format!("a secret is shown: {text} {outcome:?} {told}"));
        }
        if text.contains('\n') || text.ends_with('.') {
            return Err(format!("it is not written as errors are: {text:?}"));
        }
        Ok(text)
    }
}

const ROW: Row = Row {
    name: "",
    config: "",
    credentials: "",
    variables: &[],
    prepare: |_| (),
    expected: Keys(""),
    told: &[],
};
const ENVIRONMENT: &[(&str, &str)] =
    &[("AWS_ACCESS_KEY_ID", "AKIDENV"), ("AWS_SECRET_ACCESS_KEY", "planted")];
const OPEN_HEADER: &str = "[a]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n[b\n\
                           aws_access_key_id = AKIDB\naws_secret_access_key = planted\n";
const INDENTED_HEADER: &str = "[a]\naws_access_key_id = AKIDA\naws_secret_access_key = planted\n [b]\n\
                               aws_access_key_id = AKIDB\naws_secret_access_key = planted\n";
