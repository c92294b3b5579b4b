# Loads a library, tries an exec that fails, and loads the library once more.
use DynaLoader;
my ($library, $text) = @ARGV;
my $before = DynaLoader::dl_load_file($library, 0) ? 'loaded' : 'refused';
my @words = (pack('p x8', $text), pack('x8'));
my $tried = syscall(59, $text, $words[0], $words[1]);
my $after = DynaLoader::dl_load_file($library, 0) ? 'loaded' : 'refused';
print "$before, $tried, $after\n";
