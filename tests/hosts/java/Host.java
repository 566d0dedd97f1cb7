// Calls engine.core.wasm under Chicory: java -cp 'lib/*' Host.java engine.core.wasm < calls
//
// A line is a call. An empty line begins a new instance. Prints a line for each answer.
import com.dylibso.chicory.compiler.MachineFactoryCompiler;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.wasm.Parser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

public final class Host {
    /** Hands a call to an instance and gives its answer. */
    static String call(Instance instance, String text) {
        byte[] call = text.getBytes(StandardCharsets.UTF_8);
        int room = (int) instance.export("alloc").apply(call.length)[0];
        if (room == 0) {
            throw new IllegalStateException("there is no room for a call of " + call.length + " bytes");
        }
        instance.memory().write(room, call);
        long answer = instance.export("call").apply()[0];
        byte[] read = instance.memory().readBytes((int) (answer >>> 32), (int) answer);
        return new String(read, StandardCharsets.UTF_8);
    }

    public static void main(String[] arguments) throws IOException {
        var module = Parser.parse(Path.of(arguments[0]));
        // Chicory's interpreter does too, and is slower.
        var machine = MachineFactoryCompiler.compile(module);
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var printed = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        Instance instance = null;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.isEmpty()) {
                instance = null;
                continue;
            }
            if (instance == null) {
                instance = Instance.builder(module).withMachineFactory(machine).build();
            }
            printed.println(call(instance, line));
        }
        printed.flush();
    }
}
