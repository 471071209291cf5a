# Homebrew formula. Untried: there was no Mac and no Homebrew here, only `ruby -c`. There is no
# release either, so it builds the head; put the repository's address in place of the example.
#
#   brew install --HEAD --formula tests/packaging/kpep.rb
class Kpep < Formula
  desc "Compiler, library and command for Apple's CPU event databases"
  homepage "https://kpep.example"
  license any_of: ["MIT", "Apache-2.0"]
  head "https://kpep.example/kpep.git", branch: "main"

  depends_on "cmake" => :build
  depends_on "pkgconf" => [:build, :test]
  depends_on "libplist"

  def install
    system "cmake", "-S", ".", "-B", "build", "-DKPEP_TESTS=OFF", "-DKPEP_WERROR=OFF", *std_cmake_args
    system "cmake", "--build", "build"
    system "cmake", "--install", "build"
  end

  test do
    assert_match "BRANCH_MISPRED_NONSPEC", shell_output("#{bin}/kpep show branch-misses")
    system bin/"kpepc", "lint", share/"kpep/macos-15"
    (testpath/"test.c").write <<~C
      #include <kpdb.h>
      int main(void) { return kpdb_cpu_find("m1", 2) != KPDB_CPU_A14; }
    C
    flags = shell_output("pkgconf --cflags --libs kpdb").split
    system ENV.cc, "test.c", "-o", "test", *flags
    system "./test"
  end
end
