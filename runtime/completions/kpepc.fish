# fish completion of kpepc: see that of kpep, beside this file.
source (status dirname)/kpep.fish
