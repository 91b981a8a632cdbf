using System.Diagnostics;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.VirtualCard.Driver;

/// <summary>The driver in a process without another runtime: what the environment says of the cards, and what is left at the end.</summary>
public sealed class ProcessTests
{
    [OneTimeSetUp]
    public void FindLibrary() => VirtualCardLibrary.Require();

    [Test]
    public void TheEnvironmentSaysWhichCardsThereAre()
    {
        var (output, _) = Run("""
            cuda.cuInit(0)
            count, major, minor = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
            cuda.cuDeviceGetCount(ctypes.byref(count))
            cuda.cuDeviceGetAttribute(ctypes.byref(major), 75, 1)
            cuda.cuDeviceGetAttribute(ctypes.byref(minor), 76, 1)
            print(count.value, major.value, minor.value)
            """, ("VIRTUAL_CARD", "sm_86"), ("VIRTUAL_CARD_COUNT", "2"));
        Assert.That(output.Trim(), Is.EqualTo("2 8 6"));
    }

    [Test]
    public void WhatIsLeftAtTheEndIsSaid()
    {
        var (_, errors) = Run("""
            cuda.cuInit(0)
            context, memory, pinned, stream = (ctypes.c_void_p() for _ in range(4))
            cuda.cuCtxCreate_v2(ctypes.byref(context), 0, 0)
            cuda.cuMemAlloc_v2(ctypes.byref(memory), 16)
            cuda.cuMemAllocHost_v2(ctypes.byref(pinned), 16)
            cuda.cuStreamCreate(ctypes.byref(stream), 0)
            """);
        Assert.That(errors, Does.Contain("left at the end: context 1 of cuCtxCreate_v2").And.Contain("1 x stream").And.Contain("1 x device memory").And.Contain("1 x page-locked memory"));
    }

    [Test]
    public void WhoCleansUpHearsNothing()
    {
        var (_, errors) = Run("""
            cuda.cuInit(0)
            context = ctypes.c_void_p()
            cuda.cuCtxCreate_v2(ctypes.byref(context), 0, 0)
            cuda.cuCtxDestroy_v2(context)
            """);
        Assert.That(errors, Is.Empty);
    }

    [Test]
    public void ReportsGoToAFile()
    {
        var log = Path.GetTempFileName();
        try
        {
            var (_, errors) = Run("cuda.cuCtxSynchronize()", ("VIRTUAL_CARD_LOG", log));
            Assert.That(File.ReadAllText(log), Is.EqualTo(errors).And.Contains("cuCtxSynchronize #1: called before cuInit [CUDA_ERROR_NOT_INITIALIZED]"));
        }
        finally
        {
            File.Delete(log);
        }
    }

    private static (string Output, string Errors) Run(string script, params (string Name, string Value)[] environment)
    {
        foreach (var python in Python.All)
        {
            ProcessStartInfo start = new(python, ["-c", $"import ctypes\ncuda = ctypes.CDLL(r'{VirtualCardLibrary.Path}')\n{script}"]) { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (var (name, value) in environment.Prepend(("VIRTUAL_CARD", "sm_80")))
                start.Environment[name] = value;
            try
            {
                using var process = Process.Start(start)!;
                var errors = process.StandardError.ReadToEndAsync();
                var output = process.StandardOutput.ReadToEnd();
                process.WaitForExit();
                Assert.That(process.ExitCode, Is.Zero, errors.Result);
                return (output, errors.Result);
            }
            catch (System.ComponentModel.Win32Exception)
            {
            }
        }
        Assert.Ignore("There is no Python.");
        return default;
    }
}
