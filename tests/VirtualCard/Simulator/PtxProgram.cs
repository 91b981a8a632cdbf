namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Writes modules with one kernel, named k.</summary>
internal static class PtxProgram
{
    public const string Registers =
        """
        .reg .pred %p<8>;
        .reg .b16 %h<16>;
        .reg .b32 %r<40>;
        .reg .b64 %d<40>;
        .reg .f32 %f<40>;
        .reg .f64 %g<16>;

        """;

    /// <summary>The thread in %r0, the block in %r1, and the thread among all in %r3.</summary>
    public const string Thread = Registers +
        """
        mov.u32 %r0, %tid.x;
        mov.u32 %r1, %ctaid.x;
        mov.u32 %r2, %ntid.x;
        mad.lo.s32 %r3, %r1, %r2, %r0;

        """;

    /// <summary>The text of a module. Of parameters "u64 x, u32 n" the body finds the values in %x and %n; "map m" is a tensor map by value, its address in %m.</summary>
    public static string Kernel(string parameters, string body, string extra = "", string target = "sm_80")
    {
        List<string> declarations = [], loads = [];
        foreach (var parameter in parameters.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var words = parameter.Split(' ');
            var (type, name) = (words[0], words[1]);
            if (type == "map")
            {
                declarations.Add($".param .align 64 .b8 p_{name}[128]");
                loads.Add($".reg .b64 %{name};\nmov.b64 %{name}, p_{name};\ncvta.param.u64 %{name}, %{name};");
            }
            else
            {
                declarations.Add($".param .{type} p_{name}");
                loads.Add($".reg .b{type[1..]} %{name};\nld.param.b{type[1..]} %{name}, [p_{name}];");
            }
        }
        return $$"""
            {{Header(target)}}
            {{extra}}
            .visible .entry k({{string.Join(", ", declarations)}})
            {
            {{string.Join('\n', loads)}}
            {{body}}
            }
            """;
    }

    public static string Header(string target = "sm_80") => $".version 8.0\n.target {target}\n.address_size 64\n";

    /// <summary>Instructions for register = base + index * size.</summary>
    public static string Address(string register, string start, string index, int size) =>
        $"mul.wide.u32 {register}, {index}, {size};\nadd.u64 {register}, {register}, {start};\n";
}
