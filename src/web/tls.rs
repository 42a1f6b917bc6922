//! TLS without a proxy: the certificate of the files, read again when they change.
//!
//! A new certificate serves the connections that come after it; those that are open go on with theirs. Files that can't
//! be used leave the old certificate in place, with an error in the log.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;

use crate::settings::Tls;

/// Why TLS can't be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Only one of the two files is named.
    #[error("tls.certificate and tls.key are set together or not at all: name the other file too")]
    OneFile,
    /// A file can't be read, or is not what it should be.
    #[error("{}: {reason}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The library refuses.
    #[error("TLS can't be served: {0}")]
    Library(#[from] rustls::Error),
}

/// The certificate that new connections get.
pub(super) struct Certificate {
    files: Files,
    provider: Arc<CryptoProvider>,
    current: RwLock<Current>,
}

struct Current {
    key: Arc<CertifiedKey>,
    /// What the files held, to see whether they have changed.
    content: Content,
}

#[derive(Debug, Clone)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// The bytes of both files.
type Content = (Vec<u8>, Vec<u8>);

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Certificate").field(&self.files).finish()
    }
}

impl Certificate {
    /// The certificate of the settings; `None` where they name no files.
    ///
    /// # Errors
    /// Says which file is missing or wrong.
    pub(super) fn of(settings: &Tls) -> Result<Option<Arc<Self>>, TlsError> {
        let files = match (&settings.certificate, &settings.key) {
            (None, None) => return Ok(None),
            (Some(certificate), Some(key)) => Files {
                certificate: certificate.clone(),
                key: key.clone(),
            },
            _ => return Err(TlsError::OneFile),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let content = files.read()?;
        let key = files.parse(&content, &provider)?;
        let current = RwLock::new(Current { key, content });
        Ok(Some(Arc::new(Self {
            files,
            provider,
            current,
        })))
    }

    /// TLS 1.2 and 1.3 with this certificate.
    ///
    /// # Errors
    /// Where the library has no such versions.
    pub(super) fn server_config(self: &Arc<Self>) -> Result<ServerConfig, TlsError> {
        let resolver: Arc<dyn ResolvesServerCert> = self.clone();
        Ok(ServerConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(resolver))
    }

    /// Looks at the files for as long as the server runs.
    pub(super) async fn watch(self: Arc<Self>, every: Duration) {
        loop {
            actix_web::rt::time::sleep(every.max(Duration::from_millis(10))).await;
            let this = self.clone();
            // Fails only where the server ends.
            let _ = actix_web::web::block(move || this.renew()).await;
        }
    }

    /// Takes up what the files hold where it is something else.
    fn renew(&self) {
        let renewed = self.files.read().and_then(|content| {
            if self.current.read().unwrap_or_else(PoisonError::into_inner).content == content {
                return Ok(None);
            }
            let key = self.files.parse(&content, &self.provider)?;
            Ok(Some(Current { key, content }))
        });
        match renewed {
            Ok(Some(renewed)) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = renewed;
                tracing::info!("the TLS certificate was renewed");
            }
            Ok(None) => {}
            // Between two writes of a renewal the files do not fit each other: the next look decides.
            Err(error) => tracing::error!(%error, "the TLS files can't be used: the certificate before them stays"),
        }
    }
}

impl Files {
    fn read(&self) -> Result<Content, TlsError> {
        let read = |file: &PathBuf| {
            std::fs::read(file).map_err(|error| TlsError::File {
                file: file.clone(),
                reason: error.to_string(),
            })
        };
        Ok((read(&self.certificate)?, read(&self.key)?))
    }

    fn parse(&self, (certificate, key): &Content, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, TlsError> {
        let wrong = |file: &PathBuf, reason: String| TlsError::File {
            file: file.clone(),
            reason,
        };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate)
            .collect::<Result<_, _>>()
            .map_err(|error| wrong(&self.certificate, error.to_string()))?;
        if chain.is_empty() {
            return Err(wrong(&self.certificate, "there is no certificate in it".to_owned()));
        }
        let key =
            PrivateKeyDer::from_pem_slice(key).map_err(|error| wrong(&self.key, format!("no private key: {error}")))?;
        let certified = CertifiedKey::from_der(chain, key, provider)
            .map_err(|error| wrong(&self.key, format!("does not fit the certificate: {error}")))?;
        Ok(Arc::new(certified))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Some(current.key.clone())
    }
}
