//! Serves a component of the world `wasi:http/proxy`: a fresh instance for each request,
//! as the hosts of wasi:http 0.2 do it.
//!
//! ```text
//! wasi-http-host APP [--environment]                 serves; prints where
//! wasi-http-host APP [--environment] --measure N     prints the CPU time of a request
//! ```
//!
//! The component gets what the world has, and with `--environment` the variables of this
//! process. It is not linked where it wants more.

use std::{convert::Infallible, error::Error, sync::Arc, time::Duration};

use bytes::Bytes;
use cpu_time::ThreadTime;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Body, server::conn::http1, service::service_fn};
use tokio::{net::TcpListener, sync::oneshot};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result, Store,
    component::{Component, Linker, ResourceTable},
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    WasiHttpCtx, WasiHttpCtxView, WasiHttpView,
    io::TokioIo,
    p2::{
        bindings::{ProxyPre, http::types::Scheme},
        body::HyperOutgoingBody,
    },
};

/// An event that no trigger listens to: what is measured is everything but the network.
const EVENT: &str = r#"{"signal":"post_save","content_type":"no.model","instance":{"id":1}}"#;

struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: Default::default(),
        }
    }
}

struct Server {
    pre: ProxyPre<State>,
    has_environment: bool,
}

impl Server {
    fn new(app: &str, has_environment: bool) -> Result<Self> {
        let mut pool = PoolingAllocationConfig::new();
        pool.max_memory_size(256 << 20)
            .total_memories(100)
            .total_core_instances(400)
            .total_component_instances(100)
            .total_tables(400);
        let mut config = Config::new();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config)?;
        let component = Component::from_file(&engine, app)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi_http::p2::add_to_linker_async(&mut linker)?;
        if has_environment {
            use wasmtime_wasi::{cli::WasiCli, cli::WasiCliView, p2::bindings::cli::environment};
            environment::add_to_linker::<State, WasiCli>(&mut linker, State::cli)?;
        }
        Ok(Self {
            pre: ProxyPre::new(linker.instantiate_pre(&component)?)?,
            has_environment,
        })
    }

    async fn answer<B>(&self, request: Request<B>) -> Result<Response<HyperOutgoingBody>>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<wasmtime_wasi_http::Error>,
    {
        let mut wasi = WasiCtx::builder();
        if self.has_environment {
            wasi.inherit_env();
        }
        let mut store = Store::new(
            self.pre.engine(),
            State {
                wasi: wasi.build(),
                http: WasiHttpCtx::new(),
                table: ResourceTable::new(),
            },
        );
        let (sender, receiver) = oneshot::channel();
        let http = &mut store.data_mut().http();
        let request = http.new_incoming_request(Scheme::Http, request)?;
        let out = store.data_mut().http().new_response_outparam(sender)?;
        let pre = self.pre.clone();
        let task = tokio::spawn(async move {
            let proxy = pre.instantiate_async(&mut store).await?;
            let handler = proxy.wasi_http_incoming_handler();
            handler.call_handle(store, request, out).await
        });
        match receiver.await {
            Ok(response) => Ok(response?),
            Err(_) => {
                task.await??;
                Err(wasmtime::format_err!("the component did not answer"))
            }
        }
    }

    /// The CPU time of a request on a fresh instance, the body of its answer included.
    async fn measured(&self, times: u32) -> Result<Duration> {
        let mut spent = Duration::ZERO;
        // The first one finds nothing in any cache.
        for time in 0..=times {
            let body = Full::new(Bytes::from_static(EVENT.as_bytes()));
            let request =
                Request::post("http://localhost/v1/events").body(body.map_err(impossible))?;
            let before = ThreadTime::now();
            let response = self.answer(request).await?;
            let status = response.status();
            let body = response.into_body().collect().await;
            let took = before.elapsed();
            if time > 0 {
                spent += took;
            }
            let body = body.map_err(|error| wasmtime::format_err!("{error:?}"))?;
            if status != 200 {
                let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
                return Err(wasmtime::format_err!("{status}: {text}"));
            }
        }
        Ok(spent / times)
    }
}

fn impossible(never: Infallible) -> wasmtime_wasi_http::Error {
    match never {}
}

async fn serve(server: Server) -> Result<(), Box<dyn Error>> {
    let server = Arc::new(server);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (client, _) = listener.accept().await?;
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let server = Arc::clone(&server);
                async move { server.answer(request).await }
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(client), service);
            if let Err(error) = connection.await {
                eprintln!("{error:?}");
            }
        });
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let app = arguments.first().ok_or("name a component")?;
    let has_environment = arguments.iter().any(|one| one == "--environment");
    let mut measured = arguments.iter().skip_while(|one| *one != "--measure");
    let times = measured.nth(1).map(|times| times.parse()).transpose()?;
    let server = Server::new(app, has_environment)?;
    let Some(times) = times else {
        let runtime = tokio::runtime::Runtime::new()?;
        return runtime.block_on(serve(server));
    };
    // One thread, whose time is everybody's.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let each = runtime.block_on(server.measured(times))?;
    println!("{:.3} ms of CPU a request", each.as_secs_f64() * 1_000.0);
    Ok(())
}
