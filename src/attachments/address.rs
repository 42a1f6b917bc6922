//! Where contents are kept: what the setting `attachments` takes.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

use super::ContentError;

/// A place for contents.
///
/// ```
/// use innogauge::attachments::ContentAddress;
///
/// let folder: ContentAddress = "/var/lib/innogauge/attachments".parse()?;
/// let bucket: ContentAddress = "s3://survey/files?endpoint=https://s3.example.org".parse()?;
/// assert_eq!(bucket.to_string(), "s3://survey/files?endpoint=https://s3.example.org");
/// assert!("s3://key:secret@survey".parse::<ContentAddress>().is_err(), "secrets come from the environment");
/// # Ok::<(), innogauge::attachments::ContentError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContentAddress {
    /// A folder, which is made where it is missing.
    Folder(PathBuf),
    /// A bucket of an S3-compatible store.
    Bucket(Bucket),
}

/// A bucket, and how to speak to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What the keys of all contents begin with; may be empty.
    pub prefix: String,
    /// The address of the store; Amazon's where nothing is said.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// Whether the bucket's name is part of the host's, as some stores ask for.
    pub virtual_hosted: bool,
}

impl FromStr for ContentAddress {
    type Err = ContentError;

    fn from_str(text: &str) -> Result<Self, ContentError> {
        if text.starts_with("s3://") {
            return bucket(text).map(Self::Bucket).map_err(|reason| ContentError::Address {
                // What is before an @ may be a secret.
                address: text.rsplit_once('@').map_or(text, |(_, place)| place).to_owned(),
                reason,
            });
        }
        let reason = match text.split_once("://") {
            Some(_) => "write a folder, or s3://BUCKET/PREFIX",
            None if text.is_empty() => "a folder has a name",
            None => return Ok(Self::Folder(PathBuf::from(text))),
        };
        Err(ContentError::Address {
            address: text.rsplit_once('@').map_or(text, |(_, place)| place).to_owned(),
            reason: reason.to_owned(),
        })
    }
}

fn bucket(text: &str) -> Result<Bucket, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("secrets come from the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".to_owned());
    }
    let mut bucket = Bucket {
        name: url.host_str().unwrap_or_default().to_owned(),
        prefix: url.path().trim_matches('/').to_owned(),
        endpoint: None,
        region: None,
        virtual_hosted: false,
    };
    if bucket.name.is_empty() || url.port().is_some() {
        return Err("write s3://BUCKET/PREFIX, and the store's own address as ?endpoint=https://…".to_owned());
    }
    for (name, value) in url.query_pairs() {
        match name.as_ref() {
            "endpoint" => bucket.endpoint = Some(value.into_owned()),
            "region" => bucket.region = Some(value.into_owned()),
            "virtual_hosted" => {
                bucket.virtual_hosted = value
                    .parse()
                    .map_err(|_| "virtual_hosted is true or false".to_owned())?;
            }
            other => {
                return Err(format!(
                    "there is no option '{other}'; there are endpoint, region, virtual_hosted"
                ));
            }
        }
    }
    Ok(bucket)
}

impl fmt::Display for ContentAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bucket = match self {
            Self::Folder(folder) => return write!(f, "{}", folder.display()),
            Self::Bucket(bucket) => bucket,
        };
        write!(f, "s3://{}", bucket.name)?;
        if !bucket.prefix.is_empty() {
            write!(f, "/{}", bucket.prefix)?;
        }
        let options = [
            ("endpoint", bucket.endpoint.as_deref()),
            ("region", bucket.region.as_deref()),
            ("virtual_hosted", bucket.virtual_hosted.then_some("true")),
        ];
        let options = options.into_iter().filter_map(|(name, value)| Some((name, value?)));
        for (separator, (name, value)) in std::iter::once('?').chain(std::iter::repeat('&')).zip(options) {
            write!(f, "{separator}{name}={value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_shown_as_it_is_written() {
        for text in [
            "s3://survey",
            "s3://survey/2026/files",
            "s3://survey?region=cn-north-1",
            "s3://survey/files?endpoint=http://127.0.0.1:9000&region=us-east-1&virtual_hosted=true",
        ] {
            assert_eq!(text.parse::<ContentAddress>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_names_no_place_is_refused_without_its_secrets() {
        for text in ["", "http://host/x", "s3:///x", "s3://b:9000/x", "s3://b?regoin=x"] {
            assert!(text.parse::<ContentAddress>().is_err(), "{text}");
        }
        let error = "s3://AKIA:hidden@survey/x".parse::<ContentAddress>().unwrap_err();
        assert!(!error.to_string().contains("hidden"), "{error}");
    }
}
