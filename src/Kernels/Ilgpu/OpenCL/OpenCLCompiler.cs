using System.Reflection;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.IR.Types;
using ILGPU.Runtime.OpenCL;

namespace GpuOptim.Kernels.Ilgpu.OpenCL;

/// <summary>Compiles kernels to OpenCL C.</summary>
internal static partial class OpenCLCompiler
{
    private const BindingFlags Methods = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Without it a compiler may fuse multiplications and additions, which rounds once less.</summary>
    private const string Header = "#pragma OPENCL FP_CONTRACT OFF\n";

    /// <summary>A compiler for an accelerator, or for none.</summary>
    /// <remarks>One of our own: an accelerator's knows only the methods that its context knew when it was made.</remarks>
    public static CLBackend CreateBackend(Context context, CLCapabilityContext capabilities, CLDeviceVendor vendor, CLCVersion version)
    {
        Register(context);
        return new(context, capabilities, vendor, version);
    }

    /// <summary>Compiles a kernel.</summary>
    public static CLCompiledKernel Compile(CLBackend backend, MethodInfo kernel)
    {
        var description = EntryPointDescription.FromExplicitlyGroupedKernel(kernel);
        var compiled = (CLCompiledKernel)backend.Compile(description, default);
        var entryPoint = new SeparateViewEntryPoint(description, default, default, new TypeInformationManager(), numImplementationFieldsPerView: 2);
        return new(backend.Context, entryPoint, compiled.Info, Header + Tidy(compiled.Source), backend.CLStdVersion);
    }

    /// <summary>Numbers types and labels anew, so that a kernel is always the same text: drivers keep what they compiled, and find it by its text.</summary>
    private static string Tidy(string source)
    {
        var names = new Dictionary<string, string>();
        return Name().Replace(source, match => names.TryGetValue(match.Value, out var name) ? name : names[match.Value] = $"{match.Groups[1]}_{names.Count}");
    }

    private static void Register(Context context)
    {
        var manager = context.GetIntrinsicManager();
        foreach (var method in typeof(Ptx).GetMethods(Methods))
        {
            if (method.GetCustomAttribute<PtxInstructionAttribute>() is not { } instruction)
                continue;
            var portable = instruction.BeforeSm80 is { } name
                ? typeof(Ptx).GetMethod(name, Methods)
                : typeof(OpenCLInstructions).GetMethod(method.Name, [.. method.GetParameters().Select(parameter => parameter.ParameterType)]);
            manager.RegisterMethod(method, new CLIntrinsic(portable!, IntrinsicImplementationMode.Redirect));
        }
        manager.RegisterMethod(
            typeof(OpenCLPlace).GetMethod(nameof(OpenCLPlace.AddressOf))!, new CLIntrinsic(typeof(OpenCLCompiler), nameof(EmitAddress), IntrinsicImplementationMode.GenerateCode));
    }

    private static void EmitAddress(CLBackend backend, CLCodeGenerator generator, Value value)
    {
        var place = generator.Load(value.Nodes[0]);
        using var statement = generator.BeginStatement(generator.Allocate(value));
        statement.AppendCast("long");
        statement.Append(place);
    }

    [GeneratedRegex(@"\b(type|L)_\d+")]
    private static partial Regex Name();
}
