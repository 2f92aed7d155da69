//! The maps of the configuration, open for one command and closed after it.

use std::path::{Path, PathBuf};

use trilayer::{Config, ConfigLoader, Maps, Registry};

use crate::args::Global;
use crate::failure::{Exit, Failure};
use crate::stop::Stop;

const DEFAULT_FILE: &str = "trilayer.toml";

/// What every command has.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) global: Global,
    pub(crate) stop: Stop,
}

impl Session {
    /// Opens the maps, does the work, and closes them whatever came of it. Work that is cut
    /// off by a signal is dropped.
    pub(crate) async fn with_maps<T>(
        &self,
        work: impl AsyncFnOnce(&Maps) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.with_maps_to_the_end(async |maps| self.stop.or(work(maps)).await).await
    }

    /// As [`with_maps`](Self::with_maps), for work that sees to signals itself.
    pub(crate) async fn with_maps_to_the_end<T>(
        &self,
        work: impl AsyncFnOnce(&Maps) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let maps = self.stop.or(self.open()).await?;
        let outcome = work(&maps).await;
        let closed = maps.close().await.map_err(Failure::from);
        match (outcome, closed) {
            (Ok(done), Ok(())) => Ok(done),
            (Ok(_), Err(failure)) | (Err(failure), Ok(())) => Err(failure),
            (Err(first), Err(later)) => Err(first.then(later)),
        }
    }

    pub(crate) async fn open(&self) -> Result<Maps, Failure> {
        let registry = Registry::linked()?;
        let config = self.config(&registry)?;
        for warning in config.problems(&registry) {
            tracing::warn!(code = warning.code.as_str(), "{warning}");
        }
        Ok(Maps::open(registry, config).await?)
    }

    /// Reads the configuration, and tells everything that is wrong with it.
    pub(crate) fn config(&self, registry: &Registry) -> Result<Config, Failure> {
        Ok(ConfigLoader::new().file(self.config_file()?).process_env().registry(registry).load()?)
    }

    pub(crate) fn config_file(&self) -> Result<PathBuf, Failure> {
        if let Some(file) = &self.global.config {
            return Ok(file.clone());
        }
        let file = Path::new(DEFAULT_FILE);
        if file.exists() {
            return Ok(file.to_owned());
        }
        let problem = "there is no configuration: give --config FILE, set TRILAYER_CONFIG, \
                       or run this in a folder that has a trilayer.toml";
        Err(Failure::message(Exit::Config, problem))
    }
}
