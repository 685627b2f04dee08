// The engine's Node host loads this file and passes on the engine's address.
require("krstorage/plugin/main").main();
