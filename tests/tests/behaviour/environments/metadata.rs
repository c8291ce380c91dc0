//! The metadata of an instance, and the endpoint of a container.

use super::row::Row;

pub(super) fn rows() -> Vec<Row> {
    [instances(), containers()].into_iter().flatten().collect()
}

const TOKEN: &str = "PUT http://169.254.169.254/latest/api/token";
const BY_INSTANCE: &str = "GetCallerIdentity https://sts.us-east-1.amazonaws.com/ ASIAINSTANCE us-east-1";

fn instance(name: &'static str) -> Row {
    Row::new(name).without("AWS_EC2_METADATA_DISABLED")
}

fn instances() -> Vec<Row> {
    vec![
        instance("an instance").goes_by(&[
            TOKEN,
            "GET http://169.254.169.254/latest/meta-data/iam/security-credentials-extended/",
            "GET http://169.254.169.254/latest/meta-data/iam/security-credentials-extended/the-role",
            BY_INSTANCE,
        ]),
        instance("the region of an instance")
            .keys()
            .without("AWS_REGION")
            .goes_by(&[
                TOKEN,
                "GET http://169.254.169.254/latest/meta-data/placement/region",
                "GetCallerIdentity https://sts.eu-south-1.amazonaws.com/ AKIDENVIRON eu-south-1",
            ])
            .told("region eu-south-1 instance metadata")
            .told("endpoint https://sts.eu-south-1.amazonaws.com/ instance metadata"),
        instance("an instance by its address of version 6")
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ipv6")
            .goes_by(&[
                "PUT http://[fd00:ec2::254]/latest/api/token",
                "GET http://[fd00:ec2::254]/latest/meta-data/iam/security-credentials-extended/",
                "GET http://[fd00:ec2::254]/latest/meta-data/iam/security-credentials-extended/the-role",
                BY_INSTANCE,
            ])
            .told("metadata endpoint http://[fd00:ec2::254] AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"),
        instance("an instance by its address of version 4")
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv4")
            .keys(),
        instance("an instance by an endpoint and a mode")
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6")
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://metadata.test/")
            .goes_by(&[
                "PUT http://metadata.test/latest/api/token",
                "GET http://metadata.test/latest/meta-data/iam/security-credentials-extended/",
                "GET http://metadata.test/latest/meta-data/iam/security-credentials-extended/the-role",
                BY_INSTANCE,
            ]),
        instance("an endpoint of a profile")
            .config("[default]\nec2_metadata_service_endpoint = http://metadata.test\n")
            .keys()
            .told(
                "metadata endpoint http://metadata.test profile default, ec2_metadata_service_endpoint \
                 ({home}/.aws/config line 2)",
            ),
        instance("an instance whose answers do not have the account")
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://old.test")
            .goes_by(&[
                "PUT http://old.test/latest/api/token",
                "GET http://old.test/latest/meta-data/iam/security-credentials-extended/",
                "GET http://old.test/latest/meta-data/iam/security-credentials/",
                "GET http://old.test/latest/meta-data/iam/security-credentials/the-role",
                BY_INSTANCE,
            ]),
        instance("an instance and the name of its role")
            .set("AWS_EC2_INSTANCE_PROFILE_NAME", "the-role")
            .goes_by(&[
                TOKEN,
                "GET http://169.254.169.254/latest/meta-data/iam/security-credentials-extended/the-role",
                BY_INSTANCE,
            ])
            .told("metadata role the-role AWS_EC2_INSTANCE_PROFILE_NAME"),
        instance("an instance and the name of another role in a profile")
            .config("[default]\nec2_instance_profile_name = other\n")
            .fails(
                "no credentials from instance metadata: GET \
                 http://169.254.169.254/latest/meta-data/iam/security-credentials/other was answered with http \
                 404; the instance has no role of the name that profile default, ec2_instance_profile_name \
                 ({home}/.aws/config line 2) gives; correct or remove it",
            ),
        instance("a name of a role that is none").set("AWS_EC2_INSTANCE_PROFILE_NAME", "planted/x").fails(
            "no credentials from instance metadata: AWS_EC2_INSTANCE_PROFILE_NAME is not the name of a role; \
             write the name alone, without a path",
        ),
        instance("tokens that do not arrive")
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://silent.test")
            .goes_by(&[
                "PUT http://silent.test/latest/api/token",
                "GET http://silent.test/latest/meta-data/iam/security-credentials-extended/",
                "GET http://silent.test/latest/meta-data/iam/security-credentials-extended/the-role",
                BY_INSTANCE,
            ]),
        instance("tokens that do not arrive, for the region")
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://silent.test")
            .keys()
            .without("AWS_REGION")
            .goes_by(&[
                "PUT http://silent.test/latest/api/token",
                "GET http://silent.test/latest/meta-data/placement/region",
                "GetCallerIdentity https://sts.eu-south-1.amazonaws.com/ AKIDENVIRON eu-south-1",
            ]),
        instance("tokens that do not arrive and are asked for")
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://strict.test")
            .fails(
                "no credentials from instance metadata: GET \
                 http://strict.test/latest/meta-data/iam/security-credentials-extended/ was answered with http \
                 401; in a container, the hop limit of the instance's metadata options has to be 2 or more; if \
                 the credentials of the instance are not needed, set AWS_EC2_METADATA_DISABLED=true",
            ),
        instance("tokens that do not arrive, where version 1 is off")
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://silent.test")
            .set("AWS_EC2_METADATA_V1_DISABLED", "true")
            .fails(
                "no credentials from instance metadata: PUT http://silent.test/latest/api/token got no answer, \
                 the answer did not begin in time (4 tries); in a container, the hop limit of the instance's \
                 metadata options has to be 2 or more; if the credentials of the instance are not needed, set \
                 AWS_EC2_METADATA_DISABLED=true",
            ),
        instance("version 1").set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://v1.test").goes_by(&[
            "PUT http://v1.test/latest/api/token",
            "GET http://v1.test/latest/meta-data/iam/security-credentials-extended/",
            "GET http://v1.test/latest/meta-data/iam/security-credentials-extended/the-role",
            BY_INSTANCE,
        ]),
        instance("version 1 that is off")
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://v1.test")
            .set("AWS_EC2_METADATA_V1_DISABLED", "true")
            .fails(
                "no credentials from instance metadata: PUT http://v1.test/latest/api/token was answered \
                 with http 405; the server has no version 2 of the service, and \
                 AWS_EC2_METADATA_V1_DISABLED or ec2_metadata_v1_disabled forbids version 1",
            )
            .told("metadata version 1 not allowed AWS_EC2_METADATA_V1_DISABLED"),
        instance("an instance without a role")
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://bare.test")
            .fails("{nowhere}, http://bare.test says that the instance has no role)"),
        instance("an instance without a region")
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://bare.test")
            .keys()
            .without("AWS_REGION")
            .fails("no region: looked {regions}; set one, for example us-east-1"),
        instance("no metadata service")
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://nowhere.test")
            .fails("{nowhere}, nothing answers at http://nowhere.test)"),
        instance("no metadata service for the region")
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://nowhere.test")
            .keys()
            .without("AWS_REGION")
            .fails("no region: looked {regions}; set one, for example us-east-1"),
        instance("an endpoint that is none")
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "169.254.169.254")
            .fails(
                "no credentials from instance metadata: the endpoint url does not start with http:// or \
                 https:// (AWS_EC2_METADATA_SERVICE_ENDPOINT); write it like http://169.254.169.254",
            )
            .told("metadata endpoint none, see instance metadata default"),
        instance("an endpoint with a password")
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://me:planted@metadata.test")
            .fails(
                "no credentials from instance metadata: the endpoint url has a user name or password \
                 before the host, which is not used (AWS_EC2_METADATA_SERVICE_ENDPOINT); write it like \
                 http://169.254.169.254",
            ),
        instance("an endpoint that is none, for keys of the environment")
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "planted")
            .keys(),
        instance("an endpoint that is none, for the region")
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "planted")
            .keys()
            .without("AWS_REGION")
            .refused(
                "no region: looked {regions}: the endpoint url does not start with http:// or https:// \
                 (AWS_EC2_METADATA_SERVICE_ENDPOINT); write it like http://169.254.169.254; or set one, for \
                 example us-east-1",
            ),
        instance("a mode that is none").set("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ipv5").fails(
            "no credentials from instance metadata: the environment variable \
             AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE has to be IPv4 or IPv6",
        ),
        instance("a mode of a profile that is none")
            .config("[default]\nec2_metadata_service_endpoint_mode = ipv5\n")
            .fails(
                "no credentials from instance metadata: profile default, \
                 ec2_metadata_service_endpoint_mode ({home}/.aws/config line 2) has to be IPv4 or IPv6",
            ),
        instance("a flag for version 1 that is none").set("AWS_EC2_METADATA_V1_DISABLED", "yes").fails(
            "no credentials from instance metadata: the environment variable \
             AWS_EC2_METADATA_V1_DISABLED has to be true or false",
        ),
        Row::new("metadata that are off")
            .told("metadata endpoint none, switched off AWS_EC2_METADATA_DISABLED")
            .fails("{nowhere}, AWS_EC2_METADATA_DISABLED is true)"),
        Row::new("metadata that are off in capitals")
            .set("AWS_EC2_METADATA_DISABLED", "TRUE")
            .fails("{nowhere}, AWS_EC2_METADATA_DISABLED is true)"),
        Row::new("metadata that are not off")
            .set("AWS_EC2_METADATA_DISABLED", "1")
            .keys()
            .told("instance metadata not asked"),
        Row::new("metadata that are off and the region")
            .keys()
            .without("AWS_REGION")
            .refused("no region: looked {regions}; set one, for example us-east-1"),
    ]
}

fn containers() -> Vec<Row> {
    const BY_CONTAINER: &str =
        "GetCallerIdentity https://sts.us-east-1.amazonaws.com/ ASIACONTAINER us-east-1";
    const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
    vec![
        Row::new("a relative uri")
            .set(RELATIVE, "/v2/keys?id=planted")
            .goes_by(&["GET http://169.254.170.2/v2/keys", BY_CONTAINER]),
        Row::new("a full uri")
            .set(FULL, "http://127.0.0.1:1/v2/keys")
            .goes_by(&["GET http://127.0.0.1:1/v2/keys", BY_CONTAINER]),
        Row::new("both uris")
            .set(RELATIVE, "/v2/keys")
            .set(FULL, "http://127.0.0.1:1/other")
            .goes_by(&["GET http://169.254.170.2/v2/keys", BY_CONTAINER]),
        Row::new("a full uri with https")
            .set(FULL, "https://any.test/v2/keys")
            .goes_by(&["GET https://any.test/v2/keys", BY_CONTAINER]),
        Row::new("a full uri with a token")
            .set(FULL, "http://localhost/v2/keys")
            .set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic planted")
            .goes_by(&["GET http://localhost/v2/keys", BY_CONTAINER]),
        Row::new("a full uri with the file of a token")
            .set(FULL, "http://localhost/v2/keys")
            .set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "{home}/token")
            .file("token", "planted\n")
            .goes_by(&["GET http://localhost/v2/keys", BY_CONTAINER]),
        Row::new("the file of a token that is not there")
            .set(FULL, "http://localhost/v2/keys")
            .set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "{home}/token")
            .fails(
                "no credentials from container: the token file {home}/token does not exist; \
                 AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names it",
            ),
        Row::new("a token with a line break inside")
            .set(FULL, "http://localhost/v2/keys")
            .set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "planted\nx: planted")
            .fails(
                "no credentials from container: AWS_CONTAINER_AUTHORIZATION_TOKEN has a line break \
                 inside, which cannot be sent; it has to hold a token alone",
            ),
        Row::new("a full uri with http on any host").set(FULL, "http://any.test/v2/keys").fails(
            "no credentials from container: AWS_CONTAINER_CREDENTIALS_FULL_URI points to http on \
             any.test, which may not be asked; allowed are https on any host, and http on localhost, \
             127.0.0.0/8, [::1], 169.254.170.2, 169.254.170.23 and [fd00:ec2::23]",
        ),
        Row::new("a full uri with a password").set(FULL, "https://me:planted@any.test/v2/keys").fails(
            "no credentials from container: the url of AWS_CONTAINER_CREDENTIALS_FULL_URI has a user \
             name or password before the host, which is not used",
        ),
        Row::new("a full uri that is none").set(FULL, "planted").fails(
            "no credentials from container: the url of AWS_CONTAINER_CREDENTIALS_FULL_URI does not \
             start with http:// or https://",
        ),
        Row::new("a relative uri without a slash").set(RELATIVE, "v2/keys").fails(
            "no credentials from container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI has to begin with \
             a slash, such as /v2/credentials/ID",
        ),
        Row::new("a relative uri of another host").set(RELATIVE, "@evil.test/").fails(
            "no credentials from container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI has to begin with \
             a slash, such as /v2/credentials/ID",
        ),
        Row::new("a container behind keys of the environment")
            .set(FULL, "planted")
            .keys()
            .told("container not asked"),
    ]
}
