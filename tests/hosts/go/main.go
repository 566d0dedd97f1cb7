// Calls engine.core.wasm under wazero: go run . engine.core.wasm < calls
//
// A line is a call. An empty line begins a new instance. Prints a line for each answer.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"os"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// call hands a call to an instance and gives its answer.
func call(ctx context.Context, instance api.Module, text []byte) ([]byte, error) {
	room, err := instance.ExportedFunction("alloc").Call(ctx, uint64(len(text)))
	if err != nil {
		return nil, err
	}
	if room[0] == 0 || !instance.Memory().Write(uint32(room[0]), text) {
		return nil, fmt.Errorf("there is no room for a call of %d bytes", len(text))
	}
	answer, err := instance.ExportedFunction("call").Call(ctx)
	if err != nil {
		return nil, err
	}
	read, _ := instance.Memory().Read(uint32(answer[0]>>32), uint32(answer[0]))
	return read, nil
}

func run(ctx context.Context, path string) error {
	wasm, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	runtime := wazero.NewRuntime(ctx)
	defer runtime.Close(ctx)
	module, err := runtime.CompileModule(ctx, wasm)
	if err != nil {
		return err
	}
	var instance api.Module
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 && instance != nil {
			instance.Close(ctx)
			instance = nil
			continue
		}
		if instance == nil {
			// Without a name there may be many at once.
			instance, err = runtime.InstantiateModule(ctx, module, wazero.NewModuleConfig().WithName(""))
			if err != nil {
				return err
			}
		}
		answer, err := call(ctx, instance, lines.Bytes())
		if err != nil {
			return err
		}
		fmt.Println(string(answer))
	}
	return lines.Err()
}

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		log.Fatal(err)
	}
}
