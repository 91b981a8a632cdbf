using System.Runtime.InteropServices;

namespace GpuOptim.Tests.VirtualCard.Driver;

/// <summary>Modules that load and modules that do not.</summary>
public sealed unsafe class ModuleTests : KernelTest
{
    [Test]
    public void AModuleIsLoadedAndUnloaded()
    {
        var function = Load(StoreText, out var module);
        Good(Cuda.FuncGetAttribute(out var threads, 0, function));
        Assert.That(threads, Is.EqualTo(1024));
        Good(Cuda.ModuleUnload(module));
        Bad(Cuda.ModuleUnload(module), InvalidHandle, "cuModuleUnload", "was destroyed by cuModuleUnload");
        Bad(Launch(function, 0, 0, 0), InvalidHandle, "cuLaunchKernel", "kernel 'k' was destroyed");
    }

    [Test]
    public void PtxThatIsWrongIsRefusedWithALog()
    {
        Bad(Cuda.ModuleLoadData(out _, Text("", "frob.u32 %r1, %r2;")), 218, "cuModuleLoadData", "frob");
        Bad(Cuda.ModuleLoadData(out _, "what is this?"), 218, "cuModuleLoadData");
        Bad(Cuda.ModuleLoadData(out _, Text("", "mov.u32 %r99, 1;")), 218, "cuModuleLoadData", "r99");
        const int Size = 256;
        var log = stackalloc byte[Size];
        var options = stackalloc int[] { 5, 6 };
        var values = stackalloc void*[] { log, (void*)Size };
        Bad(Cuda.ModuleLoadDataEx(out var module, Text("", "frob.u32 %r1, %r2;"), 2, options, values), 218, "cuModuleLoadDataEx", "frob");
        Assert.That(module, Is.EqualTo((nint)0));
        Assert.That(Marshal.PtrToStringUTF8((nint)log), Does.Contain("frob"));
    }

    [TestCase("sm_70", true)]
    [TestCase("sm_80", true)]
    [TestCase("sm_86", false)]
    [TestCase("sm_90", false)]
    [TestCase("sm_90a", false)]
    public void ModulesAreForTheCardOrAnOlderOne(string target, bool isGood)
    {
        var result = Cuda.ModuleLoadData(out var module, Text("", "", target, "8.0"));
        if (isGood)
        {
            Good(result);
            Good(Cuda.ModuleUnload(module));
            NothingReported();
        }
        else
        {
            Bad(result, 209, "cuModuleLoadData", $"the module is for {target}", "sm_80");
        }
    }

    [Test]
    public void PtxIsNotNewerThanTheDriver() =>
        Bad(Cuda.ModuleLoadData(out _, Text("", "", version: "9.9")), 222, "cuModuleLoadData", "PTX 9.9");

    [Test]
    public void BinariesAreRefused() => Bad(Cuda.ModuleLoadData(out _, "\u007fELF"), 209, "cuModuleLoadData", "binary");

    [Test]
    public void KernelsAreFoundByName()
    {
        Good(Cuda.ModuleLoadData(out var module, StoreText));
        Bad(Cuda.ModuleGetFunction(out _, module, "no_such"), 500, "cuModuleGetFunction", "'no_such'");
        Bad(Cuda.ModuleGetFunction(out _, module + 64, "k"), InvalidHandle, "cuModuleGetFunction", "is no module");
        Good(Cuda.ModuleUnload(module));
    }

    [Test]
    public void VariablesAreFoundByName()
    {
        Good(Cuda.ModuleLoadData(out var module, """
            .version 7.0
            .target sm_80
            .address_size 64
            .global .align 4 .u32 numbers[3] = {4, 5, 6};
            """));
        Good(Cuda.ModuleGetGlobal(out var address, out var bytes, module, "numbers"));
        Assert.That(bytes, Is.EqualTo((nuint)12));
        Assert.That(Read(address, 3), Is.EqualTo(new uint[] { 4, 5, 6 }));
        Bad(Cuda.ModuleGetGlobal(out _, out _, module, "letters"), 500, "cuModuleGetGlobal_v2", "'letters'");
        Good(Cuda.ModuleUnload(module));
        NothingReported();
    }

    [Test]
    public void TooMuchSharedMemoryFailsTheModule() =>
        Bad(Cuda.ModuleLoadData(out _, Text("", ".shared .align 4 .b8 much[50000];\nmov.u32 %r1, much;\nst.shared.u32 [%r1], 0;")), 218, "cuModuleLoadData", "50000 bytes");
}
