# Run cells of R one after the other, until one fails: Rscript cells.R FOLDER PACKAGE...
#
# FOLDER has each cell as 001.R; beside it come 001.txt (what was shown), 001-001.png (each
# figure, at twice its size) and 001.error (why it failed). versions.tsv is of R and of each
# package; missing.txt names those that are not installed, and then no cell is run. ended.txt is
# there if the last cell, or the one that failed, came to its end.

arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
packages <- arguments[-1]

write_versions <- function() {
  versions <- vapply(packages, function(name) as.character(packageVersion(name)), "")
  lines <- paste(c("R", packages), c(as.character(getRversion()), versions), sep = "\t")
  writeLines(lines, file.path(folder, "versions.tsv"))
}

# Evaluate each expression of a cell as the console does. The message of the first error, or NULL.
run_source <- function(source) {
  done <- try(silent = TRUE, {
    lines <- readLines(source, encoding = "UTF-8")
    for (expression in parse(text = lines, keep.source = FALSE)) {
      value <- withVisible(eval(expression, globalenv()))
      if (value$visible) print(value$value)
    }
  })
  if (!inherits(done, "try-error")) return(NULL)
  sub("^Error in (eval|parse)\\(.*?\\) : ", "Error: ", done[1])
}

run_cell <- function(source) {
  beside <- function(ending) sub("[.]R$", ending, source)
  shown <- file(beside(".txt"), "w", encoding = "UTF-8")
  sink(shown)
  sink(shown, type = "message")
  png(beside("-%03d.png"), width = 1280, height = 880, res = 192, type = "cairo")
  error <- run_source(source)
  dev.off()
  sink(type = "message")
  sink()
  close(shown)
  if (!is.null(error)) writeLines(error, beside(".error"))
  is.null(error)
}

options(warn = 1, width = 100, encoding = "UTF-8")
missing <- packages[!vapply(packages, requireNamespace, NA, quietly = TRUE)]
if (length(missing) > 0) {
  writeLines(missing, file.path(folder, "missing.txt"))
} else {
  write_versions()
  for (source in sort(list.files(folder, "^[0-9]+[.]R$", full.names = TRUE))) {
    if (!run_cell(source)) break
  }
  writeLines("", file.path(folder, "ended.txt"))
}
