//! The eleven operations and those of other servers, their members and the bounds of the members.

use super::model::{Kind, Member, Operation, Pattern};

/// All operations.
pub(crate) const ALL: &[Operation] = &[
    Operation {
        name: "AssumeRole",
        signed: true,
        members: &[
            ROLE_ARN,
            SESSION_NAME,
            POLICY_ARNS,
            text("Policy", 1, ANY, Some(&DOCUMENT)),
            lifetime(900, 43_200),
            TAGS,
            list("TransitiveTagKeys", &TAG_KEY, 0, 50),
            text("ExternalId", 2, 1224, Some(&EXTERNAL_ID)),
            SERIAL,
            TOKEN_CODE,
            text("SourceIdentity", 2, 64, Some(&NAME)),
            list("ProvidedContexts", &CONTEXT, 1, 5),
            TOKEN_SIZE,
        ],
    },
    Operation {
        name: "AssumeRoleWithSAML",
        signed: false,
        members: &[
            ROLE_ARN,
            required(arn("PrincipalArn")),
            required(hidden(text("SAMLAssertion", 4, 100_000, None))),
            POLICY_ARNS,
            POLICY,
            lifetime(900, 43_200),
            TOKEN_SIZE,
        ],
    },
    Operation {
        name: "AssumeRoleWithWebIdentity",
        signed: false,
        members: &[
            ROLE_ARN,
            SESSION_NAME,
            required(hidden(text("WebIdentityToken", 4, 20_000, None))),
            text("ProviderId", 4, 2048, None),
            POLICY_ARNS,
            POLICY,
            lifetime(900, 43_200),
            TOKEN_SIZE,
        ],
    },
    Operation {
        name: "AssumeRoot",
        signed: true,
        members: &[
            required(text("TargetPrincipal", 12, 2048, None)),
            Member { name: "TaskPolicyArn", required: true, hidden: false, kind: POLICY_DESCRIPTOR },
            lifetime(0, 900),
            TOKEN_SIZE,
        ],
    },
    Operation {
        name: "DecodeAuthorizationMessage",
        signed: true,
        members: &[required(text("EncodedMessage", 1, 10_240, None))],
    },
    Operation {
        name: "GetAccessKeyInfo",
        signed: true,
        members: &[required(text("AccessKeyId", 16, 128, Some(&WORD)))],
    },
    Operation { name: "GetCallerIdentity", signed: true, members: &[] },
    Operation {
        name: "GetDelegatedAccessToken",
        signed: true,
        members: &[required(hidden(text("TradeInToken", 0, ANY, None)))],
    },
    Operation {
        name: "GetFederationToken",
        signed: true,
        members: &[
            required(text("Name", 2, 32, Some(&NAME))),
            POLICY,
            POLICY_ARNS,
            lifetime(900, 129_600),
            TAGS,
            TOKEN_SIZE,
        ],
    },
    Operation {
        name: "GetSessionToken",
        signed: true,
        members: &[lifetime(900, 129_600), SERIAL, TOKEN_CODE, TOKEN_SIZE],
    },
    Operation {
        name: "GetWebIdentityToken",
        signed: true,
        members: &[
            required(list("Audience", &AUDIENCE, 1, 10)),
            required(text("SigningAlgorithm", 5, 5, None)),
            lifetime(60, 3600),
            TAGS,
        ],
    },
];

/// What MinIO adds, and its form of one of the eleven.
pub(crate) const MINIO: &[Operation] = &[
    Operation {
        name: "AssumeRoleWithLDAPIdentity",
        signed: false,
        members: &[LDAP_USERNAME, LDAP_PASSWORD, POLICY, YEAR, REVOKE_TYPE, text("ConfigName", 1, 256, None)],
    },
    Operation { name: "AssumeRoleWithCertificate", signed: false, members: &[YEAR, REVOKE_TYPE] },
    Operation {
        name: "AssumeRoleWithCustomToken",
        signed: false,
        members: &[TOKEN, required(text("RoleArn", 1, 2048, None)), YEAR, REVOKE_TYPE],
    },
    Operation { name: "AssumeRoleWithClientGrants", signed: false, members: &[TOKEN, POLICY, YEAR] },
    Operation {
        name: "AssumeRoleWithWebIdentity",
        signed: false,
        members: &[
            required(hidden(text("WebIdentityToken", 4, 20_000, None))),
            hidden(text("WebIdentityAccessToken", 1, 20_000, None)),
            text("RoleArn", 1, 2048, None),
            POLICY,
            YEAR,
            REVOKE_TYPE,
        ],
    },
];

/// What SeaweedFS adds.
pub(crate) const SEAWEEDFS: &[Operation] = &[Operation {
    name: "AssumeRoleWithLDAPIdentity",
    signed: false,
    members: &[
        LDAP_USERNAME,
        LDAP_PASSWORD,
        ROLE_ARN,
        SESSION_NAME,
        POLICY,
        lifetime(900, 43_200),
        text("LDAPProviderName", 1, 256, None),
    ],
}];

/// More than any text in a request can have.
const ANY: usize = 1 << 20;

const fn text(name: &'static str, min: usize, max: usize, pattern: Option<&'static Pattern>) -> Member {
    Member { name, required: false, hidden: false, kind: Kind::Text { min, max, pattern } }
}

const fn list(name: &'static str, of: &'static Kind, min: usize, max: usize) -> Member {
    Member { name, required: false, hidden: false, kind: Kind::List { of, min, max } }
}

const fn lifetime(min: i64, max: i64) -> Member {
    Member { name: "DurationSeconds", required: false, hidden: false, kind: Kind::Lifetime { min, max } }
}

const fn required(member: Member) -> Member {
    Member { required: true, ..member }
}

const fn hidden(member: Member) -> Member {
    Member { hidden: true, ..member }
}

const fn arn(name: &'static str) -> Member {
    text(name, 20, 2048, Some(&ARN))
}

const fn word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn tag(c: char) -> bool {
    c.is_alphanumeric()
        || c.is_whitespace() && !c.is_control()
        || matches!(c, '_' | '.' | ':' | '/' | '=' | '+' | '-' | '@')
}

const NAME: Pattern =
    Pattern { shown: r"[\w+=,.@-]*", allows: |c| word(c) || matches!(c, '+' | '=' | ',' | '.' | '@' | '-') };
const EXTERNAL_ID: Pattern = Pattern {
    shown: r"[\w+=,.@:\/-]*",
    allows: |c| word(c) || matches!(c, '+' | '=' | ',' | '.' | '@' | ':' | '/' | '-'),
};
const SERIAL_NUMBER: Pattern = Pattern {
    shown: r"[\w+=/:,.@-]*",
    allows: |c| word(c) || matches!(c, '+' | '=' | '/' | ':' | ',' | '.' | '@' | '-'),
};
const WORD: Pattern = Pattern { shown: r"[\w]*", allows: word };
const DIGITS: Pattern = Pattern { shown: r"[\d]*", allows: |c| c.is_ascii_digit() };
const ARN: Pattern = Pattern {
    shown: r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+",
    allows: |c| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..),
};
const DOCUMENT: Pattern = Pattern {
    shown: r"[\u0009\u000A\u000D\u0020-\u00FF]+",
    allows: |c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}'),
};
const TAG_NAME: Pattern = Pattern { shown: r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+", allows: tag };
const TAG_VALUE: Pattern = Pattern { shown: r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", allows: tag };

const POLICY_DESCRIPTOR: Kind = Kind::Structure(&[arn("arn")]);
const TAG_KEY: Kind = Kind::Text { min: 1, max: 128, pattern: Some(&TAG_NAME) };
const AUDIENCE: Kind = Kind::Text { min: 1, max: 1000, pattern: None };
const TAG_ITEM: Kind = Kind::Structure(&[
    Member { name: "Key", required: true, hidden: false, kind: TAG_KEY },
    required(text("Value", 0, 256, Some(&TAG_VALUE))),
]);
const CONTEXT: Kind = Kind::Structure(&[arn("ProviderArn"), text("ContextAssertion", 4, 2048, None)]);

const LDAP_USERNAME: Member = required(text("LDAPUsername", 1, 256, None));
const LDAP_PASSWORD: Member = required(hidden(text("LDAPPassword", 1, 256, None)));
const TOKEN: Member = required(hidden(text("Token", 1, ANY, None)));
const YEAR: Member = lifetime(900, 31_536_000);
const REVOKE_TYPE: Member = text("TokenRevokeType", 1, 256, None);
const ROLE_ARN: Member = required(arn("RoleArn"));
const SESSION_NAME: Member = required(text("RoleSessionName", 2, 64, Some(&NAME)));
const POLICY_ARNS: Member = list("PolicyArns", &POLICY_DESCRIPTOR, 0, 50);
const POLICY: Member = text("Policy", 1, 2048, Some(&DOCUMENT));
const TAGS: Member = list("Tags", &TAG_ITEM, 0, 50);
const SERIAL: Member = text("SerialNumber", 9, 256, Some(&SERIAL_NUMBER));
const TOKEN_CODE: Member = hidden(text("TokenCode", 6, 6, Some(&DIGITS)));
const TOKEN_SIZE: Member = Member {
    name: "MinimumSessionTokenSize",
    required: false,
    hidden: false,
    kind: Kind::Number { min: 0, max: 4096 },
};
