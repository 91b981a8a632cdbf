using System.CommandLine;
using GpuOptim.Benchmarks.Engine;
using GpuOptim.Host;
using Spectre.Console;

namespace GpuOptim.Benchmarks.Verbs;

/// <summary>Lists what can be measured here.</summary>
internal static class DevicesCommand
{
    public static Command Create()
    {
        var command = new Command("devices", "What can be measured on this machine?");
        command.SetAction(_ => Print());
        return command;
    }

    private static void Print()
    {
        var machine = MachineReader.Read("", []);
        var about = new Grid().AddColumn().AddColumn();
        about.AddRow("processor", Markup.Escape(machine.Processor));
        about.AddRow("cores", $"{machine.Cores}");
        about.AddRow("caches", string.Join(", ", machine.Caches.Select(cache => $"{cache.Name} {cache.Bytes >> 10} KiB for {cache.Sharers}")));
        about.AddRow("memory", $"{machine.MemoryBytes / (double)(1 << 30):F1} GiB");
        about.AddRow("vectors", string.Join(", ", machine.VectorBits.Select(bits => $"{bits} bits")));
        about.AddRow("system", Markup.Escape($"{machine.System}, {machine.Runtime}"));
        AnsiConsole.Write(about);
        var table = new Table().Border(TableBorder.Rounded).AddColumn("device").AddColumn("");
        foreach (var device in Device.All)
            table.AddRow(Markup.Escape(device.Name), Markup.Escape(device.Description));
        AnsiConsole.Write(table);
    }
}
