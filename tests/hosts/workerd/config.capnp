# workerd serve config.capnp
#
# Wrangler makes such a list of modules itself, of a worker that imports the package.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "publish", worker = .worker),
    # A REST proxy within the house; Cloudflare reaches public addresses only.
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "publish")],
);

const worker :Workerd.Worker = (
  compatibilityDate = "2026-11-01",
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "action-triggers-edge", esModule = "export * from './src/workerd.js';"),
    # modules of the package
  ],
);
