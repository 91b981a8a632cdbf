using System.Globalization;
using System.Runtime.InteropServices;
using VirtualCard.Execution;
using VirtualCard.Ptx;

namespace VirtualCard.Driver.Exports;

/// <summary>Modules, and what is in them.</summary>
internal static unsafe class ModuleCalls
{
    [UnmanagedCallersOnly(EntryPoint = "cuModuleLoadData")]
    private static Result LoadData(ulong* result, byte* image) => Load("cuModuleLoadData", result, image, 0, null, null);

    [UnmanagedCallersOnly(EntryPoint = "cuModuleLoadDataEx")]
    private static Result LoadDataEx(ulong* result, byte* image, uint count, int* options, void** values) =>
        Load("cuModuleLoadDataEx", result, image, count, options, values);

    [UnmanagedCallersOnly(EntryPoint = "cuModuleUnload")]
    private static Result Unload(ulong handle) => Entry.Destroying("cuModuleUnload", context =>
    {
        Machine.Captures.CheckUnsafe();
        var module = Find(handle, context);
        MemoryCalls.Synchronize(context);
        module.Destroy();
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuModuleGetFunction")]
    private static Result GetFunction(ulong* result, ulong module, byte* name) => Entry.InContext("cuModuleGetFunction", context =>
        DeviceCalls.Give(result, Find(module, context).GetFunction(Text.Take(name, "name")).Handle));

    [UnmanagedCallersOnly(EntryPoint = "cuModuleGetGlobal_v2")]
    private static Result GetGlobal(ulong* result, nuint* bytes, ulong handle, byte* name) => Entry.InContext("cuModuleGetGlobal_v2", context =>
    {
        var module = Find(handle, context);
        var text = Text.Take(name, "name");
        var variable = module.Code.FindVariable(text) ?? throw new DriverException(Result.NotFound, $"{module} has no variable '{text}'");
        if (result != null)
            *result = variable.Start;
        if (bytes != null)
            *bytes = (nuint)variable.Length;
        return Result.Success;
    });

    private static DriverModule Find(ulong handle, CardContext context)
    {
        var module = Machine.Handles.Get<DriverModule>(handle, "module");
        return module.Context == context ? module : throw new DriverException(Result.InvalidHandle, $"{module} is of {module.Context}, not of the current {context}");
    }

    private static Result Load(string call, ulong* result, byte* image, uint count, int* options, void** values) => Entry.InContext(call, context =>
    {
        DeviceCalls.CheckOutput(result);
        Machine.Captures.CheckUnsafe();
        *result = 0;
        if (image == null)
            throw new DriverException(Result.InvalidValue, "the image is null");
        if (*image is 0x7F or 0x50 or 0xBA)
            throw new DriverException(Result.NoBinaryForGpu, "the image is binary, and the virtual card takes only PTX");
        try
        {
            *result = new DriverModule(context, Compile(context, Text.Take(image, "image"))).Handle;
            return Result.Success;
        }
        catch (PtxException exception)
        {
            WriteLog(exception.Message, count, options, values);
            throw new DriverException(Result.InvalidPtx, exception.Message);
        }
        catch (DriverException exception)
        {
            WriteLog(exception.Message, count, options, values);
            throw;
        }
    });

    private static LoadedModule Compile(CardContext context, string text)
    {
        var module = Module.Parse(text);
        CheckTarget(module, context);
        LoadedModule loaded = new(module, Machine.Memory, context, Machine.Options.Contracts);
        try
        {
            // A card's compiler compiles all of them, and any that is wrong fails the module.
            foreach (var name in module.Kernels)
                _ = loaded.GetKernel(name);
            return loaded;
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    private static void CheckTarget(Module module, CardContext context)
    {
        var model = context.Card.Model;
        if (module.Directives.TryGetValue("version", out var version) && double.TryParse(version, CultureInfo.InvariantCulture, out var number) && number > Machine.PtxVersion + 1e-6)
            throw new DriverException(Result.UnsupportedPtxVersion, $"the module is of PTX {version}, the driver takes {Machine.PtxVersion} at most");
        if (!module.Directives.TryGetValue("target", out var target))
            throw new PtxException("The module names no target.");
        var name = target.Split(',')[0].Trim();
        var digits = name.StartsWith("sm_", StringComparison.Ordinal) ? name[3..].TrimEnd('a', 'f') : "";
        if (!int.TryParse(digits, CultureInfo.InvariantCulture, out var architecture))
            throw new PtxException($"There is no target '{name}'.");
        // What ends in a letter runs on no other architecture.
        if (architecture > model.Architecture || char.IsLetter(name[^1]) && architecture != model.Architecture)
            throw new DriverException(Result.NoBinaryForGpu, $"the module is for {name}, {context.Card} is sm_{model.Architecture}");
    }

    /// <summary>Writes into the buffer for errors that the options of the compiler name, if they do.</summary>
    private static void WriteLog(string message, uint count, int* options, void** values)
    {
        const int ErrorBuffer = 5;
        const int ErrorBufferSize = 6;
        byte* buffer = null;
        var size = 0;
        for (var i = 0u; options != null && values != null && i < count; i++)
        {
            if (options[i] == ErrorBuffer)
                buffer = (byte*)values[i];
            else if (options[i] == ErrorBufferSize)
                size = (int)(nuint)values[i];
        }
        if (buffer != null)
            Text.Give(buffer, size, message);
    }
}
